"""Federated learning with pruning at initialisation (FedPaI)."""
