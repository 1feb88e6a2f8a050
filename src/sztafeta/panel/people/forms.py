"""The forms of people: what they take, and what they say when it does not fit."""

from __future__ import annotations

from typing import Any, Final

from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional, ValidationError

from sztafeta.account.company import Company, read_nip, read_phone, read_postcode
from sztafeta.account.member import Area, Right
from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.panel.forms import Form, at_most, required
from sztafeta.panel.network_field import NetworksField
from sztafeta.panel.texts import N_

LANGUAGES: Final = (SelectChoice("pl", "Polski"), SelectChoice("en", "English"))
RIGHTS: Final = (
    SelectChoice(str(int(Right.NONE)), N_("None")),
    SelectChoice(str(int(Right.READ)), N_("Read")),
    SelectChoice(str(int(Right.WRITE)), N_("Write")),
)
AREAS: Final = {
    Area.MESSAGES: N_("Messages"),
    Area.SMTP_ACCOUNTS: N_("SMTP accounts and API keys"),
    Area.TEMPLATES: N_("Templates"),
    Area.DOMAINS: N_("Sending domains"),
    Area.SUPPRESSIONS: N_("Suppressed addresses"),
    Area.SETTLEMENTS: N_("Settlements"),
    Area.PEOPLE: N_("People"),
}


def _stripped(value: str | None) -> str | None:
    return value if value is None else value.strip()


def email_address(form: Form, field: Field) -> None:
    """Insist on an address that mail can be sent to."""
    try:
        parse_mailbox(field.data or "")
    except AddressFault:
        raise ValidationError(
            N_("This is no e-mail address. Write it as anna@example.com.")
        ) from None


def phone_number(form: Form, field: Field) -> None:
    """Read a telephone number as E.164."""
    read = read_phone(field.data or "")
    if read is None:
        raise ValidationError(
            N_("This is no telephone number. Write it as 501 234 567, or with + and the country.")
        )
    field.data = read


def nip_number(form: Form, field: Field) -> None:
    """Read a tax number."""
    read = read_nip(field.data or "")
    if read is None:
        raise ValidationError(N_("This NIP does not add up. Check its ten digits."))
    field.data = read


def postcode(form: Form, field: Field) -> None:
    """Read a postcode."""
    read = read_postcode(field.data or "")
    if read is None:
        raise ValidationError(N_("Write the postcode as 00-000."))
    field.data = read


def same_again(form: Any, field: Field) -> None:
    """Insist on the same password twice."""
    if field.data != form.new.data:
        raise ValidationError(N_("The two passwords differ. Type the same one twice."))


class LoginForm(Form):
    """The first step of a login."""

    login = StringField(
        N_("Account name or e-mail"), [required(), at_most(320)], filters=[_stripped]
    )
    password = PasswordField(N_("Panel password"), [required(), at_most(1000)])


class CodeForm(Form):
    """The second step of a login."""

    code = StringField(N_("Code"), [required(), at_most(40)], filters=[_stripped])


class ForgottenForm(Form):
    """Whose password is to be set anew."""

    login = StringField(
        N_("Account name or e-mail"), [required(), at_most(320)], filters=[_stripped]
    )


class NewPasswordForm(Form):
    """A new password; the old one is asked for where there is one to know."""

    old = PasswordField(N_("Current password"), [Optional(), at_most(1000)])
    new = PasswordField(N_("New password"), [required(), at_most(1000)])
    again = PasswordField(N_("New password again"), [required(), same_again])


class SignUpForm(Form):
    """What a firm tells of itself."""

    company = StringField(N_("Name of the firm"), [required(), at_most(200)], filters=[_stripped])
    nip = StringField("NIP", [required(), nip_number], filters=[_stripped])
    street = StringField(N_("Street and number"), [required(), at_most(200)], filters=[_stripped])
    postcode = StringField(N_("Postcode"), [required(), postcode], filters=[_stripped])
    city = StringField(N_("Town"), [required(), at_most(100)], filters=[_stripped])
    name = StringField(N_("Your name"), [required(), at_most(100)], filters=[_stripped])
    email = EmailField("E-mail", [required(), at_most(254), email_address], filters=[_stripped])
    phone = TelField(N_("Mobile phone"), [required(), phone_number], filters=[_stripped])
    sends = TextAreaField(
        N_("What will you send?"), [required(), at_most(1000)], filters=[_stripped]
    )
    terms = BooleanField(
        N_("I accept the terms of service and may act for this firm"),
        [InputRequired(N_("Without the terms there is no account."))],
    )

    def told(self) -> Company:
        """Give the firm."""
        return Company(
            name=self.company.data,
            nip=self.nip.data,
            street=self.street.data,
            postcode=self.postcode.data,
            city=self.city.data,
            sends=self.sends.data,
        )


class CompanyForm(Form):
    """What may be changed of a firm; another NIP is another taxpayer."""

    company = StringField(N_("Name of the firm"), [required(), at_most(200)], filters=[_stripped])
    nip = StringField("NIP", [Optional(), nip_number], filters=[_stripped])
    street = StringField(N_("Street and number"), [required(), at_most(200)], filters=[_stripped])
    postcode = StringField(N_("Postcode"), [required(), postcode], filters=[_stripped])
    city = StringField(N_("Town"), [required(), at_most(100)], filters=[_stripped])
    sends = TextAreaField(N_("What do you send?"), [Optional(), at_most(1000)], filters=[_stripped])


class ProfileForm(Form):
    """What members say of themselves."""

    name = StringField(N_("Your name"), [required(), at_most(100)], filters=[_stripped])
    phone = TelField(N_("Mobile phone"), [Optional(), phone_number], filters=[_stripped])
    language = RadioField(N_("Language"), choices=LANGUAGES)


class EmailForm(Form):
    """Another e-mail address, with the password once more."""

    email = EmailField(
        N_("New e-mail address"), [required(), at_most(254), email_address], filters=[_stripped]
    )
    password = PasswordField(N_("Panel password"), [required(), at_most(1000)])


class AcceptForm(Form):
    """Whoever follows an invitation."""

    name = StringField(N_("Your name"), [required(), at_most(100)], filters=[_stripped])
    phone = TelField(N_("Mobile phone"), [Optional(), phone_number], filters=[_stripped])
    new = PasswordField(N_("Panel password"), [required(), at_most(1000)])
    again = PasswordField(N_("Panel password again"), [required(), same_again])


class AppForm(Form):
    """The code that an app shows for a seed; the password is asked for where another app is replaced."""

    seed = HiddenField()
    password = PasswordField(N_("Panel password"), [Optional(), at_most(1000)])
    code = StringField(N_("Code from the app"), [required(), at_most(20)], filters=[_stripped])


class PasswordForm(Form):
    """The password once more, before something that protects it is changed."""

    password = PasswordField(N_("Panel password"), [required(), at_most(1000)])


class RightsForm(Form):
    """What a member may do."""

    is_administrator = BooleanField(
        N_("Administrator: has every right and makes other administrators")
    )
    messages = RadioField(AREAS[Area.MESSAGES], choices=RIGHTS, default="0")
    smtp_accounts = RadioField(AREAS[Area.SMTP_ACCOUNTS], choices=RIGHTS, default="0")
    templates = RadioField(AREAS[Area.TEMPLATES], choices=RIGHTS, default="0")
    domains = RadioField(AREAS[Area.DOMAINS], choices=RIGHTS, default="0")
    suppressions = RadioField(AREAS[Area.SUPPRESSIONS], choices=RIGHTS, default="0")
    settlements = RadioField(AREAS[Area.SETTLEMENTS], choices=RIGHTS, default="0")
    people = RadioField(AREAS[Area.PEOPLE], choices=RIGHTS, default="0")
    reach = RadioField(
        N_("SMTP accounts that these rights reach"),
        choices=(
            SelectChoice("all", N_("All, also those made later")),
            SelectChoice("chosen", N_("Only those chosen below")),
        ),
        default="all",
    )
    accounts = SelectMultipleField(N_("Chosen SMTP accounts"), coerce=int, choices=())

    def area_fields(self) -> list[Field]:
        """Give the fields of the areas, in their order."""
        return [self[area.name.lower()] for area in Area]

    def rights(self) -> dict[Area, Right]:
        """Read the rights that were given."""
        given = {area: Right(int(self[area.name.lower()].data)) for area in Area}
        return {area: right for area, right in given.items() if right is not Right.NONE}

    def reached(self) -> frozenset[int] | None:
        """Read the SMTP accounts that the rights reach; None: all."""
        return None if self.reach.data == "all" else frozenset(self.accounts.data or ())


class InviteForm(RightsForm):
    """Who is invited."""

    email = EmailField("E-mail", [required(), at_most(254), email_address], filters=[_stripped])


class MemberForm(RightsForm):
    """A member's rights, and whether they may come in at all."""

    is_enabled = BooleanField(N_("May log in"))


class NetworksForm(Form):
    """From where the panel may be used."""

    networks = NetworksField(N_("Addresses and networks"))
