"""No password of an address survives, whatever it is made of; all else stays as it was."""

import shlex

import pytest

from advisor.telling.redacted import redacted, without_credentials

SECRETS = ["hunter2", "p@ss", "a/b", "with space", "it's", 'say "no"', "100%", "x:y", "ü$HOME", "#1?"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", ["--tracking-uri={uri}", "--tracking-uri {uri}", "{uri}"])
@pytest.mark.parametrize("user", ["me", "me@work", ""])
def test_a_password_in_a_command_is_gone(secret, form, user):
    uri = f"postgresql://{user}:{secret}@db.example:5432/runs?sslmode=require"
    words = ["advisor", "compare", "my table.csv", *form.split(" "), "--out", "here"]
    told = redacted(shlex.join(word.format(uri=uri) for word in words))
    assert secret not in told and "me@" not in told
    assert shlex.split(told)[:3] == ["advisor", "compare", "my table.csv"]
    assert "postgresql://db.example:5432/runs?sslmode=require" in told and told.endswith("--out here")


@pytest.mark.parametrize("secret", ["hunter2", "it's", 'say "no"', "with space"])
def test_a_password_in_a_line_of_python_is_gone(secret):
    source = f"https://me:{secret}@files.example/a.csv"
    told = redacted(f"advisor.compare({source!r}, 'income')")
    assert secret not in told and "files.example/a.csv" in told and "income" in told


@pytest.mark.parametrize("secret", [secret for secret in SECRETS if " " not in secret])
@pytest.mark.parametrize(
    "message",
    [
        "API request to {uri}/api/2.0/get failed with HTTPConnectionPool(host='db', port=80): the server's gone",
        "could not connect ({uri}): the server's port is closed",
        "No connection adapters were found for {uri!r}",
    ],
)
def test_a_password_in_what_an_exception_says_is_gone(secret, message):
    told = redacted(message.format(uri=f"http://me:{secret}@db.example:5000"))
    assert secret not in told and "me:" not in told and "http://db.example:5000" in told


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://token@host/x", "https://host/x"),
        ("https://host/x?api_key=abc&rows=5", "https://host/x?api_key=***&rows=5"),
        ("postgresql://host/x?user=me&password=abc", "postgresql://host/x?user=me&password=***"),
        ("https://unpkg.com/@scope/data.csv", "https://unpkg.com/@scope/data.csv"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("adult.csv", "adult.csv"),
        ("mail me@work", "mail me@work"),
    ],
)
def test_what_is_no_secret_stays(uri, shown):
    assert without_credentials(uri) == shown


@pytest.mark.parametrize(
    "command",
    [
        "advisor compare adult.csv --target income --budget 10m",
        "advisor.compare('a.csv', 'y')",
        "it's not a command",
        "HTTPConnectionPool(host='127.0.0.1', port=5000): Max retries exceeded with url: /api/2.0 (no route to \"b\")",
    ],
)
def test_a_command_without_secrets_stays_as_it_is(command):
    assert redacted(command) == command
