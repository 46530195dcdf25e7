"""The iterative method as its driver sees it: steps, pictures, stops, seeds, bad numbers."""

import io

import pytest
import torch
from impasto.errors import NumericalFailure
from impasto.sizes import pyramid
from impasto.style import Encoder, IterativeTransfer
from impasto.style.colour import luminance
from impasto.style.optimise import LBFGS, Adam
from impasto.style.scales import resize
from impasto.stylization import Stylization

from .conftest import CONVENTION, smooth_noise, vgg_weights


def paint(content, style, encoder, **parameters):
    painting = IterativeTransfer(content, [style], encoder, Stylization(style=("upload:0",), **{"iterations": 8, **parameters}))
    return painting, list(painting)


def content_error(painting, encoder, content):
    seen, original = (encoder(p, ["relu4_2"])["relu4_2"] for p in (painting.picture(), content))
    return ((seen - original).square().sum() / original.square().sum()).item()


@pytest.mark.slow
def test_progress_counts_every_step_and_ends_full(encoder, content, style):
    painting, steps = paint(content, style, encoder, scales=3)
    assert [p.step for p in steps] == list(range(1, steps[-1].total + 1))
    assert [p.fraction for p in steps] == sorted(p.fraction for p in steps) and steps[-1].fraction == pytest.approx(1)
    assert {(p.scale, p.width, p.height) for p in steps} == {(1, 32, 24), (2, 45, 34), (3, 64, 48)}
    assert all(p.losses["total"] > 0 for p in steps)
    assert painting.picture().shape == content.shape


@pytest.mark.slow
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
@pytest.mark.parametrize("loss", ["w2", "gram", "gatys", "nearest"])
def test_painting_comes_closer_to_the_style(encoder, content, style, optimiser, loss):
    alone = {"content_weight": 0, "tv_weight": 0, "scales": 1, "iterations": 20}
    _, steps = paint(content, style, encoder, optimiser=optimiser, loss=loss, **alone)
    share = 0.85 if loss == "nearest" else 0.7  # its targets are near from the beginning
    assert steps[-1].losses["style"] < share * steps[0].losses["style"]


@pytest.mark.slow
@pytest.mark.parametrize("init", ["content", "noise", "style"])
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_one_seed_is_one_picture_to_the_bit(encoder, content, style, init, optimiser):
    one, other = (paint(content, style, encoder, init=init, optimiser=optimiser, seed=7)[0].picture() for _ in range(2))
    assert torch.equal(one, other)


@pytest.mark.parametrize("keep_colours", ["off", "luminance", "match"])
def test_a_picture_that_is_painted_already_is_where_it_goes_on(encoder, content, style, keep_colours):
    start = smooth_noise(*content.shape[-2:], seed=9)
    stylization = Stylization(
        style=("upload:0",), init="fast", keep_colours=keep_colours, iterations=1, step_size=1e-5, optimiser="adam"
    )
    painting = IterativeTransfer(content, [style], encoder, stylization, start)
    scales = {progress.scales for progress in painting}
    error = (luminance(painting.picture()) - luminance(start)).abs().mean()
    assert scales == {2} and error < 0.4 * (luminance(painting.picture()) - luminance(content)).abs().mean()


@pytest.mark.slow
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
@pytest.mark.parametrize("init", ["content", "noise"])
@pytest.mark.parametrize("loss", ["gram", "nearest"])
@pytest.mark.parametrize("stop", [1, 5, 8, 9, 20, 24])
def test_a_painting_taken_up_from_its_state_is_the_same_to_the_bit(encoder, content, style, optimiser, init, loss, stop):
    """In the middle of a scale, at its last step, at the first of the next, and after the last of all."""
    asked = {"optimiser": optimiser, "init": init, "scales": 3, "loss": loss}
    whole, steps = paint(content, style, encoder, **asked)
    stopped = IterativeTransfer(content, [style], encoder, whole.stylization)
    for _ in range(stop):
        next(stopped)
    file = io.BytesIO()
    torch.save(stopped.state(), file)
    for _ in range(2):
        next(stopped, None)  # what it does afterwards is none of the state's business
    file.seek(0)
    resumed = IterativeTransfer(content, [style], encoder, whole.stylization)
    resumed.restore(torch.load(file, weights_only=True))
    rest = list(resumed)
    assert rest == steps[stop:] and torch.equal(resumed.picture(), whole.picture())


def test_a_painting_not_begun_has_a_state_too(encoder, content, style):
    whole, _ = paint(content, style, encoder)
    fresh = IterativeTransfer(content, [style], encoder, whole.stylization)
    fresh.restore(IterativeTransfer(content, [style], encoder, whole.stylization).state())
    assert len(list(fresh)) == len(whole.sizes) * 8 and torch.equal(fresh.picture(), whole.picture())


def test_steps_taken_back_are_remembered_by_the_state(encoder, content, style):
    painting = IterativeTransfer(content, [style], encoder, Stylization(style=("upload:0",), iterations=8))
    next(painting)
    painting.skipped = 3
    other = IterativeTransfer(content, [style], encoder, painting.stylization)
    other.restore(painting.state())
    assert next(other).skipped == 3


def test_another_seed_is_another_picture(encoder, content, style):
    one, other = (paint(content, style, encoder, init="noise", seed=seed)[0].picture() for seed in (1, 2))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("after", [0, 1, 9, 17])
def test_stop_and_keep_gives_a_whole_picture_at_any_step(encoder, content, style, after):
    painting = IterativeTransfer(content, [style], encoder, Stylization(style=("upload:0",), iterations=8, scales=2))
    for progress in painting:
        if progress.step >= after:
            break
    kept = painting.picture()
    assert kept.shape == content.shape and 0 <= kept.min() and kept.max() <= 1
    assert torch.equal(kept, painting.picture()), "looking changes nothing"


def test_the_first_steps_of_a_new_scale_still_show_the_painting(encoder, content, style):
    """A preview taken as the scale changes must not fall back to the photograph."""
    stylization = Stylization(style=("upload:0",), iterations=10, scales=2, content_weight=0)
    painting = IterativeTransfer(content, [style], encoder, stylization)
    before = after = None
    for progress in painting:
        if progress.scale == 1:
            before = painting.picture()
        elif after is None:
            after = painting.picture()
    assert (after - before).abs().mean() < (after - content).abs().mean()


def test_strength_0_is_the_content_itself_and_takes_no_step(encoder, content, style):
    painting, steps = paint(content, style, encoder, strength=0.0)
    assert steps == [] and torch.equal(painting.picture(), content)


@pytest.mark.slow
def test_more_strength_moves_further_from_the_content(encoder, content, style):
    paintings = [paint(content, style, encoder, strength=strength, iterations=20)[0] for strength in (0.1, 0.5, 0.95)]
    errors = [content_error(painting, encoder, content) for painting in paintings]
    assert errors == sorted(errors) and errors[0] < 0.7 * errors[2]


def test_detail_sets_the_size_at_which_the_style_is_seen(encoder, content):
    big_style = smooth_noise(200, 200, 3)

    def seen_at(detail):
        return IterativeTransfer(content, [big_style], encoder, Stylization(style=("x",), detail=detail))._style_size(
            big_style, (48, 64)
        )

    sizes = {detail: seen_at(detail) for detail in (0.0, 0.5, 1.0)}
    assert sizes == {0.0: (128, 128), 0.5: (64, 64), 1.0: (32, 32)}


@pytest.mark.slow
def test_two_styles_pull_by_their_weights(encoder, content, style):
    other = 1 - style

    def mixed(weights):
        s = Stylization(style=("a", "b"), style_weights=weights, iterations=12, scales=1)
        painting = IterativeTransfer(content, [style, other], encoder, s)
        list(painting)
        return painting.picture()

    alone = paint(content, style, encoder, iterations=12, scales=1)[0].picture()
    assert torch.allclose(mixed((1.0, 0.0)), alone, atol=1e-4)
    assert (mixed((3.0, 1.0)) - alone).abs().mean() < (mixed((1.0, 3.0)) - alone).abs().mean()


def test_keep_colours_luminance_keeps_the_chroma(encoder, content, style):
    muted = 0.5 + (content - 0.5) * 0.3
    painting, _ = paint(muted, style, encoder, keep_colours="luminance", init="noise", iterations=3)
    result = painting.picture()
    chroma, chroma_c = result - luminance(result), muted - luminance(muted)
    assert (chroma - chroma_c).abs().mean() < 0.02
    assert (luminance(result) - luminance(muted)).abs().mean() > 0.005, "the strokes are there"


def test_keep_colours_match_keeps_the_palette(encoder, content):
    blue_style = smooth_noise(60, 50, 2) * torch.tensor([0.1, 0.2, 1.0]).view(1, 3, 1, 1)

    def mean_colour(keep):
        return paint(content, blue_style, encoder, keep_colours=keep, content_weight=0, iterations=15)[0].picture().mean((0, 2, 3))

    target = content.mean((0, 2, 3))
    assert (mean_colour("match") - target).abs().sum() < (mean_colour("off") - target).abs().sum()


@pytest.mark.parametrize("height,width", [(16, 16), (17, 33), (16, 300), (250, 19)])
def test_small_and_thin_pictures(encoder, style, height, width):
    painting, steps = paint(smooth_noise(height, width, 4), style, encoder, iterations=2)
    assert painting.picture().shape == (1, 3, height, width)
    assert all(torch.isfinite(torch.tensor(list(p.losses.values()))).all() for p in steps)


class Faulty(Encoder):
    """Gives NaN at chosen evaluations of the picture being painted."""

    def __init__(self, bad):
        super().__init__(vgg_weights(), CONVENTION)
        self.bad, self.calls = bad, 0

    def forward(self, picture, layers):
        features = super().forward(picture, layers)
        if picture.requires_grad:
            self.calls += 1
            if self.bad(self.calls):
                features = {name: f * float("nan") for name, f in features.items()}
        return features


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_a_step_that_is_not_finite_is_skipped_and_reported(content, style, optimiser):
    painting, steps = paint(content, style, Faulty(lambda call: call in (3, 4)), optimiser=optimiser, scales=1)
    assert steps[-1].skipped == 2 and steps[-1].step == steps[-1].total
    assert torch.isfinite(painting.picture()).all()


def test_endless_bad_steps_end_in_a_named_error_with_the_picture_still_there(content, style):
    painting = IterativeTransfer(content, [style], Faulty(lambda call: call > 3), Stylization(style=("x",), scales=1))
    with pytest.raises(NumericalFailure):
        list(painting)
    assert torch.isfinite(painting.picture()).all()


def test_adam_carries_its_moments_to_the_next_scale():
    optimiser = Adam(torch.full((1, 3, 16, 16), 0.5), 0.01)
    for _ in range(5):
        optimiser.step(lambda picture: picture.sum())
    grown = optimiser.at((24, 24))
    grown.step(lambda picture: (picture * 0).sum())  # no gradient: only what was learnt moves the picture
    assert grown.picture.shape == (1, 3, 24, 24)
    assert (grown.picture < optimiser.picture.mean() - 0.002).all()


def test_lbfgs_survives_a_jump_out_of_range():
    optimiser = LBFGS(torch.full((1, 3, 16, 16), 0.5))
    assert optimiser.step(lambda picture: picture.square().sum())
    assert not optimiser.step(lambda picture: picture.sum() * float("inf"))
    assert 0 <= optimiser.picture.min() and optimiser.picture.max() <= 1


def test_adam_never_leaves_the_pictures_range():
    optimiser = Adam(torch.full((1, 3, 16, 16), 0.99), 0.5)
    optimiser.step(lambda picture: -picture.sum())
    assert optimiser.picture.max() <= 1


@pytest.mark.parametrize(
    "size,sizes",
    [
        ((384, 512), [(96, 128), (136, 181), (192, 256), (272, 362), (384, 512)]),
        ((100, 100), [(100, 100)]),
        ((16, 16), [(16, 16)]),
        ((2000, 60), [(2000, 60)]),
    ],
)
def test_scales_run_from_coarse_to_exactly_the_pictures_size(size, sizes):
    assert pyramid(size) == sizes
    assert len(pyramid((384, 512), 2)) == 2


def test_resize_shrinks_without_aliasing():
    stripes = torch.zeros(1, 3, 64, 64)
    stripes[..., ::2] = 1
    assert (resize(stripes, (16, 16)) - 0.5).abs().max() < 0.05


@pytest.mark.slow
def test_bf16_gets_as_close_to_the_style_as_fp32(content, style):
    def final_style_loss(dtype):
        _, steps = paint(content, style, Encoder(vgg_weights(), CONVENTION, dtype=dtype), iterations=15, scales=1)
        return steps[-1].losses["style"]

    assert final_style_loss(torch.bfloat16) == pytest.approx(final_style_loss(torch.float32), rel=0.15)


def test_the_margin_is_painted_and_cut_off(encoder, style):
    """What zero padding does to the deeper layers along the border must not be seen: a flat picture has no frame."""
    flat = torch.full((1, 3, 64, 64), 0.5)
    painting = IterativeTransfer(flat, [style], encoder, Stylization(style=("x",), scales=1, iterations=15, content_weight=0.2))
    list(painting)
    picture = painting.picture()
    assert picture.shape == flat.shape
    unevenness = (picture - picture.mean((2, 3), keepdim=True)).abs().mean(1)[0]
    ring = torch.ones(64, 64, dtype=torch.bool)
    ring[3:-3, 3:-3] = False
    assert unevenness[ring].mean() < 1.5 * unevenness[~ring].mean()
