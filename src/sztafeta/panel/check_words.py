"""What the checks of a mail find, in words: what it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sztafeta.mail.checks.finding import Check
from sztafeta.panel.texts import N_

ADVICE: Final[Mapping[Check, tuple[str, str]]] = {
    Check.PICTURE_WITHOUT_ALT: (
        N_("Picture without alternative text"),
        N_("Say in alt what it shows; leave alt empty when it only decorates."),
    ),
    Check.LANGUAGE_MISSING: (
        N_("The language is not named"),
        N_("Write the lang attribute into the html tag: screen readers pronounce by it."),
    ),
    Check.LOW_CONTRAST: (
        N_("Text is hard to read on its ground"),
        N_("Take a darker or lighter colour: 4.5:1 is enough, 3:1 for large letters."),
    ),
    Check.SCRIPT: (N_("Script"), N_("Mail programs remove it; some take the mail for an attack.")),
    Check.FORM: (N_("Form"), N_("Most mail programs remove it: link to a page with the form.")),
    Check.FRAME: (
        N_("Frame, video or object"),
        N_("Mail programs remove it: show a picture that links to it."),
    ),
    Check.REMOTE_STYLE: (
        N_("Style sheet from elsewhere"),
        N_("Mail programs do not load it: write the rules into the mail."),
    ),
    Check.CLIPPED: (
        N_("Gmail will cut this mail"),
        N_("It shows the first 102 kB of the HTML: shorten it."),
    ),
    Check.NEARLY_CLIPPED: (
        N_("Nearly as long as Gmail shows"),
        N_("Longer values can push it over 102 kB, where Gmail cuts."),
    ),
    Check.READ_IN_PART: (
        N_("Only the beginning was checked"),
        N_("The HTML is longer than what is checked."),
    ),
    Check.PICTURE_AS_DATA: (
        N_("Picture inside the HTML"),
        N_("Gmail and Outlook do not show it: link it, or attach it and use cid:."),
    ),
    Check.PICTURE_NOT_ABSOLUTE: (
        N_("Picture without a whole address"),
        N_("A mail has no page that the address could belong to: begin it with https://."),
    ),
    Check.PICTURE_PLAIN_HTTP: (
        N_("Picture over http"),
        N_("Some mail programs show only pictures over https."),
    ),
    Check.TEXT_MISSING: (
        N_("No text part"),
        N_("Some people and many filters read the text."),
    ),
    Check.LINK_EMPTY: (N_("Link to nowhere"), N_("Give it an address.")),
    Check.LINK_BROKEN: (N_("Broken address"), N_("It cannot be opened as it is written.")),
    Check.LINK_NOT_ABSOLUTE: (
        N_("Not a whole address"),
        N_("A mail has no page that the address could belong to: begin it with https://."),
    ),
    Check.LINK_PLAIN_HTTP: (N_("Not encrypted"), N_("Use https:// when the page has it.")),
    Check.LINK_SCRIPT: (N_("Address that would run code"), N_("Mail programs remove it.")),
    Check.LINK_LOCAL: (
        N_("Leads into a private network or to a reserved name"),
        N_("Recipients cannot open it: use your public address."),
    ),
    Check.LINK_TO_NUMBERS: (
        N_("A number instead of a name"),
        N_("Filters distrust bare IP addresses: use a domain."),
    ),
    Check.LINK_UNFILLED: (
        N_("A value is missing in the address"),
        N_("A variable was not filled in: look at the data."),
    ),
    Check.LINK_SHOWS_ANOTHER: (
        N_("Shows one address and leads to another"),
        N_("Filters take this for fraud: show the address that it leads to, or words."),
    ),
    Check.LINK_WITHOUT_WORDS: (
        N_("Link without words"),
        N_("Screen readers have nothing to say: add words, or alt to the picture."),
    ),
}
