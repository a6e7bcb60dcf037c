"""The token table."""

from datetime import UTC, datetime, timedelta

from hil.csms.tokens import Token, TokenTable, id_tag_info, id_token_info, stamp, token_table

NOW = datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_without_a_table_every_token_is_accepted() -> None:
    assert id_tag_info(TokenTable().find("anything"), now=NOW) == {"status": "Accepted"}
    assert token_table().find("anything").status == "Accepted"


def test_with_a_table_unknown_tokens_are_invalid_unless_said_otherwise() -> None:
    strict = token_table({"T1": "Accepted"})
    mild = token_table({"T1": "Blocked"}, default="Accepted")

    assert [strict.find(value).status for value in ("t1", "T2")] == ["Accepted", "Invalid"]
    assert [mild.find(value).status for value in ("T1", "T2")] == ["Blocked", "Accepted"]


def test_expiry_and_group_are_told_in_the_words_of_each_version() -> None:
    token = Token(expires_at=NOW + timedelta(days=1), group="G1")

    assert id_tag_info(token, now=NOW) == {
        "status": "Accepted",
        "expiryDate": "2026-01-02T10:00:00.000Z",
        "parentIdTag": "G1",
    }
    assert id_token_info(token, now=NOW) == {
        "status": "Accepted",
        "cacheExpiryDateTime": "2026-01-02T10:00:00.000Z",
        "groupIdToken": {"idToken": "G1", "type": "Central"},
    }


def test_an_accepted_token_past_its_expiry_is_expired() -> None:
    token = Token(expires_at=NOW)

    assert id_token_info(token, now=NOW)["status"] == "Expired"


def test_a_stamp_is_utc_with_milliseconds() -> None:
    assert stamp(NOW) == "2026-01-01T10:00:00.000Z"
