"""Keys that two people change at once, and what the list of keys tells of each."""

from collections.abc import Callable

import pytest

from shared.domain.api_key import ApiKey, Terms
from shared.domain.errors import KeyNotFound, Unauthenticated, VersionConflict
from shared.domain.limits import Limits
from shared.usecases.authenticate import Authenticate
from tests.memory_service import MemoryService


@pytest.fixture
def key(service: MemoryService) -> ApiKey:
    return service.a_key()


def before_saving(service: MemoryService, meanwhile: Callable[[], object], *, times: int) -> None:
    """Let somebody else write in the last moment before a key is saved, so many times."""
    save, left = service.api_keys.save, list(range(times))

    def beaten(key: ApiKey, *, was: ApiKey) -> None:
        if left:
            left.pop()
            service.api_keys.save = save  # others are not disturbed
            meanwhile()
            service.api_keys.save = beaten
        save(key, was=was)

    service.api_keys.save = beaten


def opens(service: MemoryService, text: str) -> bool:
    """Ask as a process that remembers nothing."""
    try:
        Authenticate(keys=service.api_keys, clock=service.clock)(text)
    except Unauthenticated:
        return False
    return True


def test_of_two_rotations_at_once_both_secrets_open(service: MemoryService, key: ApiKey) -> None:
    theirs: list[str] = []
    before_saving(service, lambda: theirs.append(service.rotate_key(key.id).text), times=1)

    ours = service.rotate_key(key.id).text

    assert theirs != [ours]
    assert opens(service, ours)
    assert opens(service, theirs[0])  # the one before, for a day


def test_a_rotation_does_not_revive_a_key_that_is_revoked_meanwhile(
    service: MemoryService, key: ApiKey
) -> None:
    before_saving(service, lambda: service.revoke_key(key.id), times=1)

    with pytest.raises(KeyNotFound, match="revoked"):
        service.rotate_key(key.id)

    after = service.api_keys.find(key.id)
    assert after
    assert (after.revoked_at, after.secret_hash) == (service.clock.now(), key.secret_hash)


def test_a_revoked_key_gets_no_new_secret(service: MemoryService, key: ApiKey) -> None:
    service.revoke_key(key.id)

    with pytest.raises(KeyNotFound, match="revoked"):
        service.rotate_key(key.id)


def test_a_key_is_revoked_though_somebody_rotates_it_meanwhile(
    service: MemoryService, key: ApiKey
) -> None:
    theirs: list[str] = []
    before_saving(service, lambda: theirs.append(service.rotate_key(key.id).text), times=1)

    service.revoke_key(key.id)

    assert not opens(service, theirs[0])


def test_a_key_is_revoked_once_and_keeps_the_first_time(
    service: MemoryService, key: ApiKey
) -> None:
    service.revoke_key(key.id)
    first = service.api_keys.find(key.id)
    service.time.sleep(60)

    service.revoke_key(key.id)

    assert service.api_keys.find(key.id) == first


def test_who_never_gets_through_is_told_so(service: MemoryService, key: ApiKey) -> None:
    before_saving(service, lambda: service.rotate_key(key.id), times=10)

    with pytest.raises(VersionConflict, match="keeps moving"):
        service.rotate_key(key.id)
    with pytest.raises(VersionConflict, match="keeps moving"):
        service.revoke_key(key.id)

    after = service.api_keys.find(key.id)
    assert after
    assert (after.revoked_at, after.version) == (None, 11)


def done(service: MemoryService, key: ApiKey, *, images: int = 1) -> None:
    job = service.submit(key=key, n=images)
    service.apixo.finish_all()
    service.collect(job.id)


def test_the_list_tells_of_a_key_without_a_budget_what_it_used_this_month(
    service: MemoryService, key: ApiKey
) -> None:
    done(service, key, images=2)
    service.time.sleep(24 * 3600)
    done(service, key)
    done(service, service.a_key(tenant="others"))

    used = service.list_keys().used

    assert (used[key.id]["jobs"], used[key.id]["images"]) == (2, 3)
    assert len(used) == 2


def test_what_a_key_used_last_month_is_not_told(service: MemoryService, key: ApiKey) -> None:
    done(service, key)
    service.time.sleep(11 * 24 * 3600)

    assert service.list_keys().used == {}


def test_the_list_tells_of_a_key_with_a_budget_how_its_account_stands(
    service: MemoryService,
) -> None:
    terms = Terms(limits=Limits(budget=1_000_000))
    limited = service.issue_key(tenant="default", name="limited", terms=terms).key
    service.submit(key=limited)

    listed = service.list_keys()

    assert listed.accounts[limited.id].committed == 35_000
    assert listed.used == {}
