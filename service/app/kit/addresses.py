"""E-mail addresses: the one form in which they are stored, found, limited and compared, and the one that travels."""

import unicodedata

from email_validator import EmailNotValidError, ValidatedEmail, validate_email


def canonical_address(value: str) -> str:
    """The form of an address that names its account: NFC, lower case, the domain in Unicode.

    Spellings that reach one mailbox give one form (`ANN@xn--bcher-kva.example`, `ann@bücher.example`, full-width
    letters in the domain); the form of a form is itself. Raises ValueError, whose text says what is wrong.
    """
    checked = _checked(value.strip())
    return unicodedata.normalize("NFC", checked.normalized.lower())


def delivery_address(value: str) -> tuple[str, str]:
    """(local part, domain) of an address as mail servers want it: the domain in ASCII, so that only a local part
    beyond ASCII needs a server that offers SMTPUTF8. Raises ValueError.
    """
    checked = _checked(value)
    return checked.local_part, checked.ascii_domain


def _checked(value: str) -> ValidatedEmail:
    try:
        # test_environment admits the reserved .test domain, which cannot belong to anyone.
        return validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError as fault:
        raise ValueError(str(fault)) from None
