"""What an installation brings along is found by following what packages ask for."""

from dependencies import brought_along, licence, page


def test_what_packages_ask_for_is_followed_and_extras_count():
    found = brought_along("neural-net-advisor", ())
    assert {"mlflow", "scikit-learn", "joblib", "sqlalchemy", "flask"} <= set(found), "flask comes with mlflow"
    assert "neural-net-advisor" not in found and "pytest" not in found, "tools of the tests are an extra"
    assert "pytest" in brought_along("neural-net-advisor", ("test",))
    assert licence(found["mlflow"]).startswith("Apache")
    assert "| mlflow | " in page(found) and "pebble (GNU Library" in page(found)
