import json
from pathlib import Path

from local.engine_state import rewind_streams

POSITIONS = {"000000000000:us-east-1:one": 17, "000000000000:us-east-1:other": 4}


def saved(positions: dict[str, int]) -> dict[str, object]:
    streams = {"_scoped": True, "data": positions}
    return {"version": 1, "payload": {"functions": {"a": 1}, "dynamodb_stream_positions": streams}}


def test_after_a_stop_every_function_reads_its_stream_from_the_start(tmp_path: Path) -> None:
    file = tmp_path / "lambda.json"
    file.write_text(json.dumps(saved(POSITIONS)))

    rewind_streams(tmp_path)

    assert json.loads(file.read_text()) == saved(dict.fromkeys(POSITIONS, 0))


def test_where_nothing_was_saved_nothing_is_done(tmp_path: Path) -> None:
    rewind_streams(tmp_path)

    assert list(tmp_path.iterdir()) == []
