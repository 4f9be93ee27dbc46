"""Int8: how much it costs each layer, and training that expects it."""

from trainer.quantisation.error import LayerError, layer_errors, sqnr_db

__all__ = ["LayerError", "layer_errors", "sqnr_db"]
