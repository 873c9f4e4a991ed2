"""No password of an address survives, whatever it is made of; all else stays as it was."""

import os
import shlex
import sys
import threading

import pytest

from advisor.errors import UserError
from advisor.redacted import redacted, without_credentials

# The forms that a secret comes in; hunter2 is the secret.
FORMS = [
    "http://me:hunter2@host:5000/store",
    "postgresql://me:hunter2@x@db/runs",
    "http://me:hunter2@[::1]:5000",
    "https://hunter2-token@host/x",
    "https://host/x?token=hunter2&rows=5",
    "https://host/x#access_token=hunter2",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx;PWD=hunter2",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3DODBC%3BUID%3Dsa%3BPWD%3Dhunter2%3B",
    "https://proxy/?url=https%3A%2F%2Fhost%2Fx%3Ftoken%3Dhunter2",
    "me:hunter2@host:5000",
    "no answer from //me:hunter2@host/x",
    "https://host/x?code=hunter2&pat=hunter2",
    "Authorization: Bearer hunter2.abc",
    "headers {'authorization': 'Basic hunter2='}",
    "password='hunter2 and more'",
    '{"client_secret": "hunter2"}',
    "AccountName=me;AccountKey=hunter2==;Suffix=x",
    "aws_secret_access_key=hunter2/abc+def",
    "advisor compare a.csv --password hunter2",
    "advisor compare a.csv '--api-key=hunter2 x'",
]

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
        ("at 10:30 @ home", "at 10:30 @ home"),
        ("a%20b.csv", "a%20b.csv"),
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


@pytest.mark.parametrize("name", ["MONKEY", "KEYBOARD", "PATH_NAME", "MYPATH", "SPWN"])
def test_names_of_the_environment_that_are_no_secrets_hide_nothing(monkeypatch, name):
    monkeypatch.setenv(name, "harmless")
    assert redacted("it is harmless") == "it is harmless"


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_known_by_where_it_stands(text):
    assert "hunter2" in text and "hunter2" not in redacted(text)
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize(
    "token",
    [
        "AKIA" + "Q7" * 8,
        "ghp_" + "a1" * 18,
        "sk-proj-" + "b2" * 12,
        "hf_" + "c3" * 15,
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln-x",
    ],
)
def test_a_secret_is_known_by_its_form(token):
    assert redacted(f"401 for {token}, try again") == "401 for ***, try again"


@pytest.mark.parametrize(
    ("variable", "value", "secret"),
    [
        ("MLFLOW_TRACKING_PASSWORD", "hunter2", "hunter2"),
        ("PGPASSWORD", "12345678", "12345678"),
        ("MLFLOW_TRACKING_TOKEN", "tok hunter2", "tok hunter2"),
        ("AWS_SECRET_ACCESS_KEY", "ab/cd+ef", "ab%2Fcd%2Bef"),
        ("DATABASE_URL", "postgresql://me:hunt%40r22@db/x", "hunt@r22"),
        ("https_proxy", "http://me:hunter2@proxy:3128", "hunter2"),
        ("GITLAB_PAT", "hunter2", "hunter2"),
        ("API_TOKENS", "hunter2", "hunter2"),
        ("DB_PW", "hunter2", "hunter2"),
        ("FERNET_KEYS", "hunter2", "hunter2"),
        ("SIGNING_KEY_B64", "hunter2", "hunter2"),
        ("KEY_1", "hunter2", "hunter2"),
        ("COOKIE", "hunter2", "hunter2"),
        ("SESSION_COOKIES", "hunter2", "hunter2"),
        ("GITHUB_PATS", "hunter2", "hunter2"),
    ],
    ids=range(15),  # pytest puts the id into a variable
)
def test_a_secret_of_the_environment_is_known_wherever_it_stands(monkeypatch, variable, value, secret):
    text = f"nobody answers to {secret} here"
    assert redacted(text) == text
    monkeypatch.setenv(variable, value)
    assert redacted(text) == "nobody answers to *** here"


def test_variables_that_come_and_go_meanwhile_end_nothing():
    """Telling MLflow sets some variables for a while, on a thread of its own."""
    over = threading.Event()

    def come_and_go():
        while not over.is_set():
            os.environ["ADVISOR_COMES_AND_GOES"] = "1"
            del os.environ["ADVISOR_COMES_AND_GOES"]

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(2000):
            assert redacted("nothing to hide") == "nothing to hide"
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOKENIZERS_PARALLELISM", "false positive"),
        ("TOKEN_LIMIT", "100000"),
        ("SSL_KEY", __file__),
        ("KEY", "abc"),
    ],
)
def test_a_variable_that_holds_no_secret_takes_nothing_away(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    assert redacted(f"it says {value} here") == f"it says {value} here"


def test_a_secret_that_was_typed_or_named_is_known_where_a_library_takes_it_apart(monkeypatch):
    text = "Port could not be cast to integer value as 'hunter'; Hunter2 is no host"
    assert redacted(text) == text
    address = "http://me:hunter/Hunter2@host"
    wanted = "Port could not be cast to integer value as '***'; *** is no host"
    assert redacted(text, address) == wanted
    monkeypatch.setattr(sys, "argv", ["advisor", "compare", f"--tracking-uri={address}"])
    assert redacted(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "advisor compare a.csv --read token=category,password=number --target secret",
        "the token: it is a category",
        "n_tokens=5, tokenizer=fast",
        "significance=0.05; key figures: 3",
    ],
)
def test_names_that_sound_like_secrets_stay(text):
    assert redacted(text) == text


def test_no_error_tells_a_secret():
    assert (
        str(UserError("There is no file 'https://host/x?token=1'; go."))
        == "There is no file 'https://host/x?token=***'; go."
    )
    assert str(UserError("There is no file 'https://me:hunter2@host/x'.")) == "There is no file 'https://host/x'."
