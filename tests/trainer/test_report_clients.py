"""The report on what clients get, on rounds with gaps, and on how the run was set up."""

import re
from pathlib import Path

import numpy as np
import pytest
from example_summary import dense, example_summary, with_changing_masks, with_clients, with_own_masks, with_trouble

from trainer.console import print_summary
from trainer.report.cards import cards
from trainer.report.description import description
from trainer.report.page import render_report
from trainer.report.plots.clients import clients_picture
from trainer.report.plots.kept import kept_picture
from trainer.report.plots.sparsity import sparsity_picture
from trainer.report.plots.traffic import traffic_picture
from trainer.report.trouble import trouble
from trainer.summary import RunSummary


def dots(svg: str) -> list[int]:
    """Number of markers of each line that has any, in the order of painting; the legend's are single ones."""
    return [
        len(re.findall(r"<use ", group))
        for group in re.findall(r'<g id="clients-line2d_\d+">(.*?)</g>\s*</g>', svg, re.S)
    ]


@pytest.mark.parametrize("count", [2, 39, 200])
def test_every_client_has_a_dot(count: int) -> None:
    summary = with_clients(example_summary(), count)
    svg = clients_picture(summary).svg
    assert count in dots(svg)
    worst = int(np.argmin(summary.clients.local))
    assert f"worst {100 * min(summary.clients.local):.1f} % (client {worst})" in svg
    named = re.findall(r">(\d+)</text>", svg)
    assert (str(worst) == named[0]) == (count <= 40), "the worst client stands first, where clients are named"


def test_models_of_their_own_are_shown_on_the_whole_test_set_too() -> None:
    shared, own = with_clients(example_summary(), 50), with_own_masks(with_clients(example_summary(), 50))
    assert [dots(clients_picture(one).svg).count(50) for one in (shared, own)] == [1, 2]
    assert "first client's model" in cards(own)[0].note
    assert "first client's model" in dict(description(own))["Shown"]
    assert "first client's mask" in sparsity_picture(own).caption
    assert "first client's" not in render_report(shared)


def test_the_card_has_mean_worst_and_spread() -> None:
    card = next(one for one in cards(example_summary()) if one.label == "Accuracy, per client")
    assert card.value == "80.00 %"
    assert "worst 70.0 %" in card.note and "spread 10.0 points" in card.note


def test_nothing_is_said_where_nothing_went_wrong() -> None:
    assert trouble(example_summary()) is None
    assert 'id="trouble"' not in render_report(example_summary())


def test_gaps_are_listed() -> None:
    found = trouble(with_trouble(example_summary()))
    assert found is not None
    assert found.sentence == (
        "In 2 of 4 rounds something was missing: 2 times a client's update was not used; 1 update was refused; "
        "1 round was void because the quorum was missed."
    )
    assert [row[:3] for row in found.rounds] == [(2, 2, 1), (3, 2, 1)]
    assert found.rounds[0][3] == "without client 1"
    assert "not finite in round 3" in found.rounds[1][3]
    text = render_report(with_trouble(example_summary()))
    assert 'id="trouble"' in text and "quorum missed" in text


def test_many_gaps_are_cut_down_to_the_worst() -> None:
    summary = example_summary(rounds=60)
    rounds = [one.model_copy(update={"answered": 1, "unused": (0,)}) for one in summary.rounds]
    rounds[44] = rounds[44].model_copy(update={"applied": False})
    found = trouble(summary.model_copy(update={"rounds": tuple(rounds)}))
    assert found is not None
    assert (len(found.rounds), found.left_out) == (10, 50)
    assert 45 in [row[0] for row in found.rounds]


def test_a_mask_that_changes_is_drawn_over_the_rounds() -> None:
    changing = with_changing_masks(example_summary(rounds=6))
    picture = kept_picture(changing)
    assert picture is not None and "150 after the first, 30 after the last, of 150" in picture.caption
    assert "changes masks while it trains" in sparsity_picture(changing).caption
    assert kept_picture(example_summary()) is None
    assert "never change" in sparsity_picture(example_summary()).caption


def test_a_dense_run_is_called_dense() -> None:
    summary = dense(example_summary())
    assert dict(description(summary))["Masks"] == "none: the network is dense"
    assert "this method is dense" in sparsity_picture(summary).caption
    multiplications = next(one for one in cards(summary) if one.label == "Multiplications")
    assert (multiplications.value, multiplications.note) == ("9,222", "per sample, as dense FedAvg")


def described(**options: object) -> dict[str, str]:
    from trainer.config import RunConfig

    config = RunConfig(**options).model_dump(mode="json")  # type: ignore[arg-type]
    return dict(description(example_summary().model_copy(update={"config": config})))


def test_the_set_up_is_described() -> None:
    plain = described()
    assert plain["Data"] == "digits, spread over 10 clients: dirichlet, alpha 0.5"
    assert plain["Clients"] == "all are asked in each round"
    assert plain["Line"] == "values travel as float32"
    assert "optimiser" not in plain["Server"] and plain["Server"].startswith("mean of the updates")
    other = described(clients=20, cohort=5, drop_rate=0.25, partition="shards", shards=3)
    assert other["Data"].endswith("20 clients: shards, 3 for each client")
    assert other["Clients"] == "5 of 20 are asked in each round; each falls silent with a chance of 25.0 %"


def test_the_console_shows_clients_and_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    def shown(summary: RunSummary) -> str:
        config = summary.config | {"board": "none", "clients": 2}
        print_summary(summary.model_copy(update={"config": config}), Path("runs/x"))
        return " ".join(capsys.readouterr().out.split())

    clean, clean_traffic = shown(example_summary()), example_summary().traffic
    assert "80.00% mean, 70.00% worst, 10.0 points spread" in clean
    assert "1,794 per sample; dense 9,222 (5.1x)" in clean
    assert "not used" not in clean
    assert "4; 2 updates not used, 1 rounds void" in shown(with_trouble(example_summary()))
    silent = clean_traffic.model_copy(update={"bytes_up_per_client": 0})
    assert "up 0 per client" in shown(example_summary().model_copy(update={"traffic": silent})), "nobody answered"


def test_traffic_is_called_less_only_where_it_is() -> None:
    summary = example_summary()
    assert "60x less" in traffic_picture(summary).caption  # 140000 / 2333
    traffic = summary.traffic.model_copy(update={"total_bytes": summary.traffic.dense_total_bytes + 8})
    assert "less" not in traffic_picture(summary.model_copy(update={"traffic": traffic})).caption


def test_layers_show_what_int8_costs_them() -> None:
    page = render_report(example_summary())
    cells = re.findall(r'<td class="n">([^<]*)</td>', page[page.index('id="layers"') :])
    assert cells[5:7] == ["41.3 dB", "33.1 dB"]
    assert cells[12:14] == ["-", "-"], "where it is not known"


def test_structured_masks_are_called_so() -> None:
    summary = example_summary()
    assert summary.compute is not None
    whole = summary.compute.model_copy(update={"live_macs": summary.compute.kept_macs})
    assert "whole channels" in dict(description(summary.model_copy(update={"compute": whole})))["Masks"]
    assert "whole channels" not in dict(description(summary))["Masks"]
