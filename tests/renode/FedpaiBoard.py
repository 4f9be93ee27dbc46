"""Robot Framework's keywords for boards; :mod:`board_keywords` has what they do."""

from project_library import ProjectLibrary


class FedpaiBoard(ProjectLibrary):
    """One board at a time."""

    def __init__(self) -> None:
        super().__init__("board_keywords")
