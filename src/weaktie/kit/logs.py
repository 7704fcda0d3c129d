"""Structured logs that never hold personal data or secrets.

Every value is masked before it is written, tracebacks included: phone numbers, e-mail addresses, identity card
numbers, keys and tokens. Masking is a second line of defence; callers still log ids and counts, not payloads.
"""

import logging
import re
import sys
from typing import Any

import structlog

_PATTERNS = (
    (re.compile(r"\bwk[a-z]*_[0-9A-Za-z]{16,}"), "‹key›"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "‹e-mail›"),
    (re.compile(r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{9}[\dXx](?![0-9A-Za-z])"), "‹id card›"),
    (re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z])"), "‹phone›"),
    (
        re.compile(
            r"(?i)(authorization|cookie|password|token|secret)"
            r"([\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?)[^\s\"',;]+"
        ),
        r"\1\2‹secret›",
    ),
)


def mask(text: str) -> str:
    """The text with every personal value and secret that the patterns know replaced by its kind."""
    for pattern, put in _PATTERNS:
        text = pattern.sub(put, text)
    return text


def _mask_values(_logger: Any, _name: str, event: Any) -> Any:
    return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class _StandardError(logging.Handler):
    """Writes to what is standard error at the time of writing."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def configure(level: str = "info", *, json: bool = False) -> None:
    """Send logs of the product and of its libraries to standard error, masked; `json` writes one object a line."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _StandardError()
    handler.setFormatter(_MaskingFormatter("%(asctime)s [%(levelname)s] %(name)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("alembic", "httpx", "uvicorn.error"):  # httpx writes whole addresses, tokens in them too
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """A logger whose lines carry `part=name`."""
    return structlog.get_logger(part=name)
