"""One run of a campaign is a function from text to a JSON object, and every way to fail is an answer."""

from __future__ import annotations

import json

import pytest

from sim import campaign, random_scenario, rig

TEXT = random_scenario.text(3, 0, limit_s=1.0)


def test_a_run_that_ends_well() -> None:
    answer = campaign.run_one(TEXT, {"vm": "micropython"})
    assert (answer["status"], answer["detail"], answer["outcome"], answer["sim_s"]) == ("ended", "", "refused", 1.0)
    assert answer["states"]["dispenser"] == ["BOOT", "SELFTEST", "IDLE"]
    assert answer["code"] == campaign.code_digest()
    assert json.loads(json.dumps(answer)) == answer


def test_no_time_left_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[rig.Rig] = []
    close = rig.Rig.close
    monkeypatch.setattr(rig.Rig, "close", lambda self: (ended.append(self), close(self))[1])
    answer = campaign.run_one(random_scenario.text(3, 0, limit_s=30.0), {"timeout_s": 0.0})
    assert (answer["status"], answer["detail"]) == ("timeout", "still in IDLE at 1.00 s")
    assert len(ended) == 1


def test_a_board_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOFILL_MICROPYTHON", "/no/such/program")
    answer = campaign.run_one(TEXT, {})
    assert (answer["status"], answer["reason"]) == (
        "node", "rig: CRYOFILL_MICROPYTHON=/no/such/program is no program",
    )  # fmt: skip


def test_anything_else_is_an_internal_failure_with_its_traceback() -> None:
    answer = campaign.run_one("[truck]\nmass_kg = 500.0\n", {})
    assert answer["status"] == "internal"
    assert answer["reason"] == "ScenarioError: campaign.toml: [truck] mass_kg: 500.0 is outside 0.1 to 200 kg"
    assert "Traceback" in answer["detail"]
