"""What a new template begins with: short, readable, and without a finding of its own checks."""

from __future__ import annotations

from typing import Final

from sztafeta.mail.template_source import TemplateSource

_HTML: Final = """<!doctype html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>{title}</title>
</head>
<body style="margin:0;padding:24px;background-color:#f4f4f2;font-family:Arial,sans-serif">
  <table role="presentation" width="100%" style="max-width:600px;margin:0 auto;background-color:#ffffff">
    <tr><td style="padding:24px;color:#222222;font-size:16px;line-height:1.5">
      <p>{hello} {{{{ name }}}},</p>
      <p>{body}</p>
    </td></tr>
  </table>
</body>
</html>
"""
_MJML: Final = """<mjml lang="{language}">
  <mj-head>
    <mj-title>{title}</mj-title>
    <mj-attributes><mj-all font-family="Arial, sans-serif"/></mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f4f2">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text font-size="16px" color="#222222">{hello} {{{{ name }}}},</mj-text>
        <mj-text font-size="16px" color="#222222">{body}</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
_WORDS: Final = {
    "pl": {"title": "Wiadomość", "hello": "Dzień dobry", "body": "tu wpisz treść wiadomości."},
    "en": {"title": "A message", "hello": "Hello", "body": "write your message here."},
}
SAMPLE: Final = '{\n  "name": "Anna"\n}\n'


def starter(kind: str, language: str) -> TemplateSource:
    """Give a source to begin from: `html` or `mjml`."""
    words = _WORDS[language] | {"language": language}
    subject = f"{words['title']}: {{{{ name }}}}"
    if kind == "mjml":
        return TemplateSource(subject=subject, mjml=_MJML.format(**words))
    return TemplateSource(subject=subject, html=_HTML.format(**words))
