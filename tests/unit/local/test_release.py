"""What `make deploy` hands to SAM for each stage."""

from pathlib import Path

import pytest

from local.release import overrides
from local.template_bridge import load_template

CONFIG = Path("samconfig.toml")
PARAMETERS = load_template(Path("template.yaml"))["Parameters"]


def test_production_is_watched_and_deployed_safely() -> None:
    found = overrides(CONFIG, "prod", Release="1795176031")

    assert found == {
        "Stage": "prod",
        "Alarms": "on",
        "SafeDeploys": "true",
        "Release": "1795176031",
    }


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_name_is_a_parameter_of_the_template(stage: str) -> None:
    assert overrides(CONFIG, stage).keys() <= PARAMETERS.keys()


def test_what_sam_has_written_down_is_read(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text(
        """
        [dev.deploy.parameters]
        parameter_overrides = "Stage=\\"dev\\" Prices=\\"\\" OxenKeyParameter=\\"/a/b\\" Release=1"
        """
    )

    found = overrides(config, "dev", Release="2")

    assert found == {"Stage": "dev", "OxenKeyParameter": "/a/b", "Release": "2"}


def test_a_stage_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="no stage test"):
        overrides(CONFIG, "test")
