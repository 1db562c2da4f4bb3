"""The libraries that our programs import, imported: where `tests/kit/programs.py` forks from.

Libraries alone: each program imports the wallet's own modules itself, in the order in which it
comes to them. A library missing here costs time and nothing else.
"""

# ruff: noqa: F401 - imported for those who are forked

import gc

import anyascii
import argon2
import babel.dates
import babel.messages.pofile
import babel.numbers
import cryptography.hazmat.primitives.ciphers.aead
import cryptography.hazmat.primitives.kdf.hkdf
import granian.server
import httpx
import iso3166
import jinja2
import litestar
import litestar.openapi
import litestar.plugins.jinja
import msgspec
import nicknames
import opencc
import phonenumbers
import procrastinate
import prometheus_client
import psycopg
import psycopg_pool
import pypinyin
import rapidfuzz
import reportlab.pdfbase.cidfonts
import reportlab.pdfgen.canvas
import rich.markdown
import segno
import sqlglot
import sqlglot.dialects.duckdb
import sqlglot.dialects.postgres
import stdnum.iso7064.mod_11_2
import stdnum.luhn
import structlog
import typer.rich_utils
import yaml

gc.collect()
gc.freeze()  # nobody looks through these for garbage again
