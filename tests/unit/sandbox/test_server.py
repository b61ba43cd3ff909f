import json
import signal
import subprocess
import sys

import httpx

from local.sandbox.server import running_sandbox

KEY = {"authorization": "Bearer any-key"}


def test_the_urls_in_answers_lead_back_to_the_running_sandbox() -> None:
    with running_sandbox() as sandbox:
        body = {"model": "bytedance/seedream-4-5", "prompt": "a fox"}
        url = f"{sandbox.aimlapi_url}/v1/images/generations"
        answer = httpx.post(url, json=body, headers=KEY).json()
        picture = answer["data"][0]["url"]

        assert picture.startswith(f"{sandbox.base_url}/files/aimlapi/")
        assert httpx.get(picture).headers["content-type"] == "image/jpeg"


def test_two_sandboxes_do_not_share_anything() -> None:
    with running_sandbox() as one, running_sandbox() as other:
        body = {"model": "bytedance-seedream-4", "prompt": "a fox"}
        httpx.post(f"{one.oxen_url}/api/ai/queue", json=body, headers=KEY).raise_for_status()

        assert len(httpx.get(one.ledger_url).json()["oxen"]) == 1
        assert httpx.get(other.ledger_url).json()["oxen"] == []


def test_an_open_stream_ends_and_the_program_exits_0_on_ctrl_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local.sandbox", "--latency", "1000"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        urls = json.loads(process.stdout.readline())
        with httpx.Client(headers=KEY) as client:
            body = {"model": "bytedance-seedream-4", "prompt": "a fox"}
            client.post(f"{urls['oxen_url']}/api/ai/queue", json=body).raise_for_status()
            with client.stream("GET", f"{urls['oxen_url']}/api/events") as stream:
                process.send_signal(signal.SIGINT)

                assert list(stream.iter_lines()) == []
        assert process.wait() == 0
