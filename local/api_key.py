"""The API key that a local run works with, made through the stack's own front door."""

import httpx

from local.errors import StackError
from local.folders import Folders

_NAME = "api-key"


def obtain_api_key(api_url: str, *, admin_key: str, folders: Folders) -> str:
    """Reuse the key an earlier run remembered while it is still good, else create one."""
    with httpx.Client(base_url=api_url, trust_env=False, timeout=60) as api:
        remembered = remembered_api_key(folders)
        if remembered and _is_good(api, remembered):
            return remembered
        key = _create(api, admin_key)
    folders.remember(_NAME, key)
    return key


def remembered_api_key(folders: Folders) -> str:
    """Return the key of an earlier run in the same data folder, empty without one."""
    remembered = folders.recall(_NAME)
    return remembered if isinstance(remembered, str) else ""


def _is_good(api: httpx.Client, key: str) -> bool:
    answer = api.get("/v1/jobs?limit=1", headers=_bearer(key))
    return answer.status_code == httpx.codes.OK


def _create(api: httpx.Client, admin_key: str) -> str:
    wanted = {"name": "local", "tenant": "default"}
    answer = api.post("/v1/keys", json=wanted, headers=_bearer(admin_key))
    if not answer.is_success:
        raise StackError(f"no API key: POST /v1/keys answered {answer.status_code} {answer.text}")
    key: str = answer.json()["key"]
    return key


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
