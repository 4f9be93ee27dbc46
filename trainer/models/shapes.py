"""What input shapes a model takes, refused in one line before Keras would in twenty."""

from host_bridge.errors import UserError

Shape = tuple[int, int, int]


def refuse_smaller(model: str, shape: Shape, height: int, width: int) -> None:
    """Check the least height and width.

    Raises:
        UserError: the shape (height, width, channels) is smaller; names it and the model.
    """
    if shape[0] < height or shape[1] < width or shape[2] < 1:
        raise UserError(f"{model} needs inputs of at least {height}x{width}, not {_text(shape)}; {_REMEDY}")


def refuse_others(model: str, shape: Shape, sizes: tuple[tuple[int, int], ...]) -> None:
    """Check that height and width are among ``sizes``.

    Raises:
        UserError: they are not; names the shape and the model.
    """
    if shape[:2] not in sizes or shape[2] < 1:
        choices = " or ".join(f"{height}x{width}" for height, width in sizes)
        raise UserError(f"{model} needs inputs of {choices}, not {_text(shape)}; {_REMEDY}")


_REMEDY = "choose another --model or --dataset"


def _text(shape: Shape) -> str:
    return "x".join(str(size) for size in shape)
