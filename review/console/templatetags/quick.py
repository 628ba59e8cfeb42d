"""The tag that puts a template of many rows (jinja2/) into a page of Django's."""

from typing import Any

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def quick(context: Any, name: str) -> SafeString:
    """The rows, with everything that the page knows; they are escaped by their own template."""
    return mark_safe(get_template(f"console/{name}", using="quick").render(context.flatten()))  # noqa: S308
