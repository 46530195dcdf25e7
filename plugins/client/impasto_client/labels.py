"""What the dialogs call the parameters and their choices. Each function takes ``_``, the editor's translation of a text.

Written by tools/plugin_parameters.py; do not edit it here.
"""


def names(_):
    """Parameter -> its label."""
    return {
        'strength': _('Strength'),
        'detail': _('Detail'),
        'stroke_size': _('Stroke size (%)'),
        'keep_colours': _('Keep colours'),
        'method': _('Method'),
        'resolution': _('Paint at (px)'),
        'seed': _('Seed'),
        'content_weight': _('Content weight'),
        'style_weight': _('Style weight'),
        'tv_weight': _('Smoothness'),
        'content_layers': _('Content layers'),
        'style_layers': _('Style layers'),
        'loss': _('Style distance'),
        'init': _('Start from'),
        'optimiser': _('Optimiser'),
        'iterations': _('Steps at each scale'),
        'step_size': _('Step size (Adam)'),
        'scales': _('Scales'),
        'pooling': _('Pooling'),
        'refine': _('Refine (steps)'),
        'encoder': _('Feature encoder (VGG)'),
    }


def choices(_):
    """(parameter, value) -> the choice in words."""
    return {
        ('keep_colours', 'off'): _("No, take the style's"),
        ('keep_colours', 'luminance'): _("Yes, exactly the picture's"),
        ('keep_colours', 'match'): _("The picture's palette"),
        ('method', 'auto'): _('Automatic'),
        ('method', 'fast'): _('Fast, in one pass'),
        ('method', 'iterative'): _('Iterative, nearer to the painting'),
        ('loss', 'w2'): _('Wasserstein-2'),
        ('loss', 'nearest'): _('Nearest neighbours'),
        ('loss', 'gram'): _('Gram matrices'),
        ('loss', 'gatys'): _('Gatys 2016'),
        ('init', 'fast'): _('The fast painting'),
        ('init', 'content'): _('The picture'),
        ('init', 'noise'): _('Noise'),
        ('init', 'style'): _('The style'),
        ('optimiser', 'adam'): 'Adam',
        ('optimiser', 'lbfgs'): 'L-BFGS',
        ('pooling', 'max'): _('Maximum'),
        ('pooling', 'average'): _('Average'),
        ('pooling', 'l2'): 'L2',
        ('encoder', 'auto'): _('Automatic'),
        ('encoder', 'vgg19'): 'VGG-19',
        ('encoder', 'vgg16'): 'VGG-16',
    }


def ends(_):
    """Parameter -> what the two ends of its slider mean."""
    return {
        'strength': (_('Picture'), _('Style')),
        'detail': (_('Broad strokes'), _('Fine strokes')),
    }


def hints(_):
    """Parameter -> a sentence or two, in the words of its choices."""
    return {
        'strength': _('How far the picture moves towards the style: at the left it stays as it is, at the right little more than its outlines is kept.'),
        'detail': _('Size of the brush strokes: in the middle as in the painting, at the left twice as broad, at the right half.'),
        'stroke_size': _("Width of the broadest strokes, in percent of the picture's long side: the same look at any size. Fine strokes are painted over them."),
        'keep_colours': _("Whose colours: the style's; exactly the picture's, so that only its lightness is painted; or the style's strokes with the picture's palette."),
        'method': _('Fast paints in one pass of a network: in seconds where it has learnt the style, in about 20 s with any other picture. Iterative optimises the picture itself: a minute or so, nearer to the style. Automatic is fast, unless something is set that only the iterative method knows.'),
        'resolution': _("Long side at which it is painted; the result always has the layer's own size. Automatic: all of it with the fast method, what takes about a minute with the iterative one."),
        'seed': _('The same seed gives the same picture.'),
        'content_weight': _("How much the picture's forms count; 1 is the balance that looks right at a strength of 0.5."),
        'style_weight': _('How much the style counts.'),
        'tv_weight': _('Calms single pixels; too much of it blurs.'),
        'content_layers': _("The encoder's layers whose features hold the content, with their weights."),
        'style_layers': _("The encoder's layers whose statistics hold the style, with their weights."),
        'loss': _('How far a style is from another: Wasserstein-2 compares means and covariances, nearest neighbours keep every stroke where it belongs, Gram matrices are the classic, Gatys 2016 is the paper to the letter.'),
        'init': _('What the painting starts from. The fast painting is refined in far fewer steps than a picture needs.'),
        'optimiser': _('L-BFGS gets further in the same time; Adam needs less memory at large sizes.'),
        'iterations': _('More steps, nearer to the style; time grows with them. Automatic: as many as are worth their time.'),
        'step_size': _("Adam's first step, in units of the picture's range; it shrinks to a quarter."),
        'scales': _('How many sizes, coarse to fine, it is painted at. Automatic: as many as the size asks for.'),
        'pooling': _('How the encoder shrinks its features.'),
        'refine': _('How long the fast method works on a painting that it has not learnt: about a quarter of a second a step. 0 is at once, in its palette but with few of its strokes.'),
        'encoder': _('The VGG network whose features of picture and style are compared. Automatic takes the best one there is.'),
    }


def zeros(_):
    """Parameter -> what 0 stands for, where it is no number."""
    return {
        'resolution': _('Automatic'),
        'iterations': _('Automatic'),
        'scales': _('Automatic'),
    }
