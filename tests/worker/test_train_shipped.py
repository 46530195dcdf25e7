"""The tool that remakes what ships: it trains every style that ships, with the noise that the network is painted with."""

import importlib
from pathlib import Path

import pytest
import torch
import yaml
from impasto.models import fast
from impasto.paths import shipped
from impasto.style.mixing import EMBEDDINGS_PER_STYLE, IDENTITY_EMBEDDING, embedding_indices
from impasto.style.noise import NOISE
from impasto.style.training import with_new_embeddings
from impasto.style.transformer import build

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("train_shipped")


def test_it_trains_the_paintings_that_ship_and_no_others(tool):
    header = fast.inspect(shipped("fast", "impasto.safetensors"))
    paintings = yaml.safe_load(shipped("paintings", "styles.yaml").read_text(encoding="utf-8"))["styles"]
    trained = tool.FIRST + tool.FURTHER
    assert len(set(trained)) == len(trained)
    assert set(trained) == set(paintings) == {style.id for style in header.styles}
    for style in header.styles:
        assert (style.title, style.painter, style.licence) == tuple(paintings[style.id][k] for k in ("title", "painter", "licence"))
        assert paintings[style.id]["source"] and "Public domain" in style.licence


def test_styles_that_were_learnt_further_join_the_network_and_its_noise(tool):
    torch.manual_seed(0)
    first = build("hourglass:12-16x2", IDENTITY_EMBEDDING + 1 + 2 * EMBEDDINGS_PER_STYLE)
    first.noise = NOISE
    further = with_new_embeddings(first, [embedding_indices(0), embedding_indices(1)], 3)
    both = tool.group(first, further)
    assert both.embeddings == IDENTITY_EMBEDDING + 1 + 5 * EMBEDDINGS_PER_STYLE and both.noise == NOISE
    for mine, theirs in (
        (embedding_indices(1), (first, embedding_indices(1))),
        (embedding_indices(4), (further, embedding_indices(2))),
    ):
        for norm, origin in zip(both.norms(), theirs[0].norms(), strict=True):
            assert torch.equal(norm.gamma[list(mine)], origin.gamma[list(theirs[1])])
