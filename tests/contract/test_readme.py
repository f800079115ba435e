"""The README and the program say the same, both ways: what it names exists, and what exists it names."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
from click import Command, Group

import agent_tui
from agent_tui import errors
from agent_tui.config.dotenv import KEYS as DOTENV_NAMES
from agent_tui.config.layers import ENV_PREFIX, from_environment
from agent_tui.config.models import SECTIONS
