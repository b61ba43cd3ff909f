"""Callback tokens: ours for one target and one time, and nobody else's for anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.callback_token import CallbackKeys, CallbackTarget, is_genuine, sign
from shared.domain.ids import JobId

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EXPIRES = NOW + timedelta(days=3)
KEYS = CallbackKeys(current="k2", keys={"k1": b"the old key", "k2": b"the new key"})
TARGET = CallbackTarget(provider="apixo", job_id=JobId("job_01ARZ3NDEKTSV4RRFFQ69G5FAV"), attempt=2)
TOKEN = sign(TARGET, keys=KEYS, expires=EXPIRES)
ANY_TEXT = st.text(st.characters())  # halves of surrogate pairs included

targets = st.builds(
    CallbackTarget,
    provider=st.sampled_from(["apixo", "oxen"]) | st.text(),
    job_id=st.text().map(JobId),
    attempt=st.integers(),
)


def genuine(
    token: str = TOKEN,
    target: CallbackTarget = TARGET,
    *,
    keys: CallbackKeys = KEYS,
    now: datetime = NOW,
) -> bool:
    return is_genuine(token, target, keys=keys, now=now)


def test_a_token_is_genuine_for_what_it_was_made_for() -> None:
    assert genuine()


@settings(deadline=None)
@given(targets, st.binary(max_size=64))
def test_every_target_has_a_genuine_token_under_every_key(
    target: CallbackTarget, key: bytes
) -> None:
    keys = CallbackKeys(current="k", keys={"k": key})

    assert genuine(sign(target, keys=keys, expires=EXPIRES), target, keys=keys)


@settings(deadline=None)
@given(st.data())
def test_a_token_with_any_character_changed_added_or_lost_is_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TOKEN)))
    end = data.draw(st.integers(start, min(start + 3, len(TOKEN))))
    changed = TOKEN[:start] + data.draw(ANY_TEXT) + TOKEN[end:]
    assume(changed != TOKEN)

    assert not genuine(changed)


@settings(deadline=None)
@given(ANY_TEXT | st.from_regex(r"[a-z0-9]{1,3}\.[0-9]{10}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_a_token_of_somebody_elses_making_is_refused(token: str) -> None:
    assert not genuine(token)


@settings(deadline=None)
@given(targets)
def test_a_token_is_refused_for_every_other_target(other: CallbackTarget) -> None:
    assume(other != TARGET)

    assert not genuine(target=other)


@pytest.mark.parametrize(
    "other",
    [
        replace(TARGET, attempt=1),
        replace(TARGET, attempt=-2),
        replace(TARGET, provider="oxen"),
        replace(TARGET, provider="APIXO"),
        replace(TARGET, provider="apixo\0" + TARGET.job_id),
        replace(TARGET, provider="apixo\0job_01AR", job_id=JobId("Z3NDEKTSV4RRFFQ69G5FAV")),
        replace(TARGET, job_id=JobId(TARGET.job_id.lower())),
        replace(TARGET, job_id=JobId(TARGET.job_id + "\0002"), attempt=1),
        replace(TARGET, job_id=JobId("")),
    ],
)
def test_a_token_is_refused_for_a_target_that_only_looks_alike(other: CallbackTarget) -> None:
    assert not genuine(target=other)


def test_a_target_that_is_no_text_is_refused_without_a_word() -> None:
    assert not genuine(target=replace(TARGET, job_id=JobId("job_\ud83d")))


def test_a_token_lives_until_its_expiry_and_no_longer() -> None:
    assert genuine(now=EXPIRES - timedelta(microseconds=1))
    assert not genuine(now=EXPIRES)
    assert not genuine(now=EXPIRES + timedelta(days=365))


def test_the_expiry_cannot_be_moved() -> None:
    kid, expiry, mac = TOKEN.split(".")

    assert not genuine(f"{kid}.{int(expiry) + 1}.{mac}")
    assert not genuine(f"{kid}.9999999999.{mac}", now=EXPIRES)


def test_a_token_of_the_old_key_is_genuine_while_the_old_key_is_kept() -> None:
    old = sign(TARGET, keys=replace(KEYS, current="k1"), expires=EXPIRES)

    assert genuine(old)
    assert not genuine(old, keys=CallbackKeys(current="k2", keys={"k2": KEYS.keys["k2"]}))


def test_a_token_does_not_pass_under_the_name_of_another_key() -> None:
    kid, rest = TOKEN.split(".", 1)
    assert kid == "k2"

    assert not genuine(f"k1.{rest}")
    assert not genuine(f"k3.{rest}")


def test_the_current_key_signs() -> None:
    assert TOKEN.startswith("k2.")
    assert sign(TARGET, keys=replace(KEYS, current="k1"), expires=EXPIRES).startswith("k1.")


def test_a_token_fits_into_a_url_as_it_is() -> None:
    assert TOKEN.isascii()
    assert not set(TOKEN) & set("/?#%&=+ ")
