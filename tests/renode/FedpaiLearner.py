"""Robot Framework's keywords for a board that trains; :mod:`learner_keywords` has what they do."""

from project_library import ProjectLibrary


class FedpaiLearner(ProjectLibrary):
    """One board at a time."""

    def __init__(self) -> None:
        super().__init__("learner_keywords")
