"""One seed, one story: who asks for what, what goes wrong, and whether the promises held."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from shared.api import intake
from shared.domain.api_key import ApiKey
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.ports.jobs import Idempotency
from shared.usecases.admit_job import Admitted
from tests.memory_service import NOW, a_wish
from tests.simulation.deleting import Deleter
from tests.simulation.effects import Mishap, Plan, Violation
from tests.simulation.image_callers import ImageCallers
from tests.simulation.oracles import DRY, check_end, was_retried
from tests.simulation.provider import Habits
from tests.simulation.surroundings import Weather
from tests.simulation.world import World

_RATES: Final = (0.01, 0.05, 0.2, 0.5)
_STORM: Final = timedelta(hours=6)  # then everything works again,
_END: Final = timedelta(days=10)  # and by then everything must be settled, also for receivers
_CLIENT_TRIES: Final = 4
_MAY_FAIL_OVER: Final = 0.8
_ADMITTED_SLOWLY: Final = 0.05  # so that no time is left to call the provider
_POSTS_IMAGES: Final = 0.15
_CHANGES_ITS_MIND: Final = 0.25
# Seconds: some in the middle of the first call, some when the job is long over.
_GOES_ON_WITH_ANOTHER_KEY: Final = 0.15
_FIRST_KEY_IS_REVOKED: Final = 0.3
_ASKS_WHAT_IT_WOULD_COST: Final = 0.02
_SECOND_THOUGHTS: Final = (0.2, 1, 6, 30, 600, 5000)
_ROUTES: Final = (
    "apixo",
    "oxen",
    "aimlapi",
    ("apixo", "oxen"),
    ("oxen", "aimlapi", "apixo"),
    ("aimlapi", "apixo"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    effects: int
    jobs: int
    violation: str | None = None
    trace: tuple[str, ...] = ()
    struck: Mapping[int, Mishap] = field(default_factory=dict)


def storm(
    seed: int,
    *,
    jobs: int | None = None,
    rate: float | None = None,
    mishaps: Mapping[int, Mishap] | None = None,
) -> Outcome:
    """Play a random story: several jobs, faults of every kind at one of four rates.

    With `mishaps` just these strike, at their effects: how a story is shrunk.
    """
    chance = random.Random(seed)  # noqa: S311  # a seed must replay
    rate = chance.choice(_RATES) if rate is None else rate
    world = World(
        seed=seed,
        plan=Plan(rate=rate, chance=random.Random(seed + 1))  # noqa: S311  # a seed must replay
        if mishaps is None
        else Plan(at=dict(mishaps)),
        habits=_habits(chance, rate),
        weather=Weather(repeats_message=rate, loses_wake=rate, loses_stream=rate),
    )
    moods = random.Random(seed + 5)  # noqa: S311  # a seed must replay
    count = chance.randint(1, 3) if jobs is None else jobs
    world.effects.most *= max(1, count // 3)
    for number in range(count):
        _Client(world, chance, number, moods=moods).comes_at(chance.uniform(0, 300))
    posts = random.Random(seed + 4)  # noqa: S311  # a seed must replay
    if posts.random() < _POSTS_IMAGES:
        world.image_callers = ImageCallers(world, posts)
        world.image_callers.come()
    return play(world, seed)


def play(world: World, seed: int) -> Outcome:
    """Run the world to its end and check the promises."""
    world.agenda.at(NOW + _STORM, lambda: _calm(world))
    violation = None
    try:
        world.agenda.run_dry(end=NOW + _END)
        check_end(world)
    except Violation as broken:
        violation = str(broken)
    jobs = len(world.store.all())
    if violation is None:
        return Outcome(seed, world.effects.count, jobs)
    trace, struck = tuple(world.effects.trace), dict(world.effects.struck)
    return Outcome(seed, world.effects.count, jobs, violation, trace, struck)


def shrunk(outcome: Outcome, *, tries: int = 200) -> Outcome:
    """Leave out mishaps one by one as long as a promise is still broken."""
    for number in list(outcome.struck)[:tries]:
        fewer = {at: mishap for at, mishap in outcome.struck.items() if at != number}
        again = storm(outcome.seed, mishaps=fewer)
        if again.violation:
            outcome = again
    return outcome


def single(plan: Plan, wish: dict[str, Any]) -> World:
    """Set up one job in a world that is well but for the plan."""
    world = World(
        seed=1, plan=plan, habits=Habits(longest_seconds=5), weather=Weather(), receivers=False
    )
    _Client(world, random.Random(1), 0, wish=wish, has_whims=False).comes_at(0)  # noqa: S311  # a seed must replay
    return world


@dataclass(slots=True)
class _Client:
    """Asks for a job, and asks again with the same key until it hears an answer."""

    world: World
    chance: random.Random
    number: int
    wish: dict[str, Any] | None = None
    tries: int = 0
    has_whims: bool = True
    moods: random.Random | None = None  # of those who delete; None: nobody does

    def comes_at(self, seconds: float) -> None:
        if self.wish is None:
            self.wish = _random_wish(self.chance)
        self.world.agenda.after(seconds, self._ask)
        if self.has_whims and self.world.whims.random() < _ASKS_WHAT_IT_WOULD_COST:
            self.world.agenda.after(seconds, self._ask_dry)

    def _ask(self) -> None:
        self.tries += 1
        heard = self.world.work(self._submit)
        if not heard and self.tries < _CLIENT_TRIES:
            self.world.agenda.after(self.chance.uniform(0, 20), self._ask)

    def _submit(self) -> None:
        """What functions/submit does: admitted is admitted, whatever fails after that."""
        world, admitted = self.world, self._admitted()
        if admitted.job:
            try:
                slow = self.chance.random() < _ADMITTED_SLOWLY
                go = world.send_off.later if slow else world.send_off
                go(admitted.job, admitted.claimed)
            except Exception:  # noqa: BLE001  # as the function does
                world.effects.trace.append("not sent off")
        self._hears(JobId(admitted.answer))

    def _admitted(self) -> Admitted:
        name = f"order-{self.number}"
        return self.world.admit_job(
            a_wish(**(self.wish or {}), metadata={"client": str(self.number)}),
            key=self.world.key,
            idempotency=Idempotency(key=name, fingerprint=name),
            render=lambda job: str(job.id),
            claim=self.world.send_off.claim,
        )

    def _hears(self, job_id: JobId) -> None:
        self.world.chronicle.answered.add(job_id)
        if self.moods:
            Deleter(self.world, self.moods, ask=self._admitted).hears_of(job_id)
        if self.chance.random() < _CHANGES_ITS_MIND:
            self._later(self._cancel, job_id)
        if self.chance.random() < 0.1:
            self._later(self._retry, job_id)
        whims = self.world.whims
        if self.has_whims and whims.random() < _GOES_ON_WITH_ANOTHER_KEY:
            for _ in range(whims.choice((1, 2, 5))):
                self._later(self._retry_with_other, job_id, chance=whims)

    def _ask_dry(self) -> None:
        """Ask by an event, where nobody hears the answer of a dry run."""
        now, name = self.world.clock.now(), f"{DRY}{self.number}"
        request = {"model": "seedream-4.5", "prompt": "a fox", "metadata": {"client": name}}
        body = json.dumps(request | {"dry_run": True}).encode()
        self.world.work(
            lambda: self.world.take_request(
                name, body, at=now, read_wish=lambda text: intake.read_wish(text, now)
            )
        )

    def _retry(self, job: Job) -> None:
        self._retry_on(self.world.key, job)

    def _retry_with_other(self, job: Job) -> None:
        """Go on with another key of the tenant; the first one may be gone by then."""
        if self.world.whims.random() < _FIRST_KEY_IS_REVOKED:
            self.world.revoke_key(self.world.key.id)
        self._retry_on(self.world.other_key, job)

    def _retry_on(self, key: ApiKey, job: Job) -> None:
        again = self.world.retry_job(job, key=key)
        if again.payer != key.id:
            raise Violation(f"{job.id} was retried by {key.id}, and {again.payer} pays")

    def _cancel(self, job: Job) -> None:
        told = self.world.cancel_job(job)
        now = self.world.store.get(job.id)
        if not now.is_terminal and not was_retried(now, told):
            raise Violation(f"{job.id} was said to be cancelled and goes on")

    def _later(
        self,
        deed: Callable[[Job], object],
        job_id: JobId,
        *,
        chance: random.Random | None = None,
    ) -> None:
        def act() -> None:
            self.world.work(lambda: deed(self.world.store.get(job_id)))

        self.world.agenda.after((chance or self.chance).choice(_SECOND_THOUGHTS), act)


def _random_wish(chance: random.Random) -> dict[str, Any]:
    wish: dict[str, Any] = {
        "provider": chance.choice(_ROUTES),
        "n": chance.choice((1, 1, 2, 3, 5, 10)),
        "failover": chance.random() < _MAY_FAIL_OVER,
    }
    # Few prompts: identical requests are what makes recovery dangerous.
    wish["prompt"] = chance.choice(("a fox", "a fox", "a boat"))
    if chance.random() < 0.2:
        wish["on_unknown"] = "retry"
    if chance.random() < 0.1:
        wish["finish_within"] = timedelta(seconds=chance.choice((60, 600, 7200)))
    if chance.random() < 0.1:
        wish["start_within"] = timedelta(seconds=chance.choice((1, 30)))
    return wish


def _habits(chance: random.Random, rate: float) -> Habits:
    names = [name for name in Habits.__slots__ if chance.random() < 0.6]
    names = [name for name in names if name != "longest_seconds"]
    return Habits(**dict.fromkeys(names, rate))


def _calm(world: World) -> None:
    world.effects.calm = True
    world.weather = Weather()
    world.watch()
