"""Puts cards, pictures and tables of a summary into the page's template."""

from pathlib import Path

from host_bridge.atomic import write_whole
from pages.environment import page_environment
from pages.picture import Picture
from trainer.report.cards import cards
from trainer.report.description import description
from trainer.report.plots.accuracy import accuracy_picture, loss_picture
from trainer.report.plots.clients import clients_picture
from trainer.report.plots.kept import kept_picture
from trainer.report.plots.learner import learner_picture
from trainer.report.plots.memory import flash_picture, ram_picture
from trainer.report.plots.partition import partition_picture
from trainer.report.plots.quantisation import quantisation_picture
from trainer.report.plots.sparsity import sparsity_picture
from trainer.report.plots.traffic import traffic_picture
from trainer.report.reproduce import config_toml
from trainer.report.trouble import trouble
from trainer.summary.document import RunSummary

TEMPLATES = Path(__file__).with_name("templates")


def write_report(summary: RunSummary, path: Path) -> None:
    """Write ``report.html``, whole.

    The same summary gives the same file. It refers to nothing outside itself.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, render_report(summary))


def render_report(summary: RunSummary) -> str:
    """The page as HTML."""
    return (
        page_environment(TEMPLATES)
        .get_template("report.html.j2")
        .render(
            summary=summary,
            cards=cards(summary),
            training=(accuracy_picture(summary), loss_picture(summary)),
            pruning=_pruning(summary),
            clients=(clients_picture(summary),),
            description=description(summary),
            trouble=trouble(summary),
            federation=(partition_picture(summary), traffic_picture(summary)),
            memory=_memory(summary),
            memory_of_learner=_memory_of_learner(summary),
            config=config_toml(summary),
        )
    )


def _pruning(summary: RunSummary) -> tuple[Picture, ...]:
    pictures = (sparsity_picture(summary), kept_picture(summary), quantisation_picture(summary))
    return tuple(picture for picture in pictures if picture is not None)


def _memory_of_learner(summary: RunSummary) -> tuple[Picture, ...]:
    """Of boards that are chips; on this computer memory is no question."""
    learners = () if summary.fleet is None else summary.fleet.learners
    return tuple(learner_picture(one) for one in learners if one.target == "board")


def _memory(summary: RunSummary) -> tuple[Picture, ...]:
    firmware = summary.firmware
    return () if firmware is None else (flash_picture(firmware), ram_picture(firmware))
