from local.providers import connections, template_parameters

SANDBOX = "http://127.0.0.1:9000"


def test_without_keys_the_sandbox_stands_in_for_every_provider() -> None:
    chosen = connections({}, sandbox_url=SANDBOX)

    assert {one.provider.name: one.base_url for one in chosen if one.sandbox} == {
        "apixo": f"{SANDBOX}/apixo/api/v1",
        "oxen": f"{SANDBOX}/oxen",
        "aimlapi": f"{SANDBOX}/aimlapi",
    }
    assert {one.key for one in chosen} == {"sandbox"}


def test_a_key_alone_makes_a_provider_real_at_its_public_address() -> None:
    apixo, oxen, _ = connections({"OXEN_API_KEY": "k"}, sandbox_url=SANDBOX)

    assert apixo.sandbox
    assert (oxen.sandbox, oxen.base_url, oxen.key) == (False, "https://hub.oxen.ai", "k")


def test_a_base_url_moves_a_real_provider() -> None:
    environ = {"APIXO_API_KEY": "k", "APIXO_BASE_URL": "http://127.0.0.1:7000/api/v1/"}

    apixo, *_ = connections(environ, sandbox_url=SANDBOX)

    assert apixo.base_url == "http://127.0.0.1:7000/api/v1"


def test_a_base_url_without_a_key_changes_nothing() -> None:
    environ = {"APIXO_BASE_URL": "http://127.0.0.1:7000", "APIXO_API_KEY": " "}

    assert connections(environ, sandbox_url=SANDBOX) == connections({}, sandbox_url=SANDBOX)


def test_the_template_learns_addresses_and_the_names_of_keys_but_no_key() -> None:
    chosen = connections({"APIXO_API_KEY": "secret"}, sandbox_url=SANDBOX)

    parameters = template_parameters(chosen, allowed=[])

    assert parameters["ApixoBaseUrl"] == "https://api.apixo.ai/api/v1"
    assert parameters["ApixoKeyParameter"] == "/seedhook/local/apixo-api-key"
    assert parameters["OxenBaseUrl"] == f"{SANDBOX}/oxen"
    assert parameters["SandboxProviders"] == "oxen,aimlapi"
    assert "secret" not in str(parameters)


def test_only_loopback_base_urls_and_named_origins_are_allowed_on_loopback() -> None:
    environ = {
        "APIXO_API_KEY": "k",
        "APIXO_BASE_URL": "http://localhost:7000/api/v1",
        "OXEN_API_KEY": "k",
        "OXEN_BASE_URL": "http://192.168.1.5:7001",
        "AIMLAPI_API_KEY": "k",
    }
    chosen = connections(environ, sandbox_url=SANDBOX)

    parameters = template_parameters(chosen, allowed=["127.0.0.1:4566", "127.0.0.1:5000"])

    assert parameters["LoopbackOrigins"] == "127.0.0.1:4566,127.0.0.1:5000,localhost:7000"
