"""Birds, dancers and flowers, as data."""

from __future__ import annotations

from muybridge.puppets.bird import Bird, build_bird
from muybridge.puppets.build import Coat, Disc, Ribbon
from muybridge.puppets.dancer import Dancer, build_dancer
from muybridge.puppets.flower import Flower, build_flower

FACE = ("poll", "nose")


def _eye(along: float, up: float, radius: float) -> tuple[Disc, ...]:
    return (
        Disc(FACE, (along, up), (radius * 1.5, radius * 1.5), (248, 236, 196), 2),
        Disc(FACE, (along, up), (radius, radius), (34, 26, 28), 2),
        Disc(FACE, (along + radius * 0.25, up + radius * 0.4), (radius * 0.35, radius * 0.35), (255, 252, 244), 2),
    )


FLAMINGO = Bird(
    name="flamingo",
    trunk=(0.5, 0.12),
    hip=1.05,
    neck=(0.82, 1.2, -0.55),
    head=(0.34, -0.5),
    tail=(0.22, 3.4),
    leg=(0.3, 0.42, 0.46),
    toe=0.16,
    body=((0, 0.12, 0.14), (0.8, 0.19, 0.2), (1.4, 0.18, 0.2), (2, 0.1, 0.14)),
    neck_width=((0, 0.1, 0.12), (0.5, 0.065, 0.07), (2, 0.058, 0.058)),
    face=((0, 0.085, 0.08), (0.6, 0.085, 0.08), (1, 0.06, 0.055)),
    beak=((0, 0.055, 0.055), (0.5, 0.06, 0.04), (1, 0.02, 0.045)),
    shank=(
        (0, 0.075, 0.075),
        (1, 0.05, 0.045),
        (1.3, 0.028, 0.028),
        (2, 0.03, 0.03),
        (2.2, 0.024, 0.024),
        (3, 0.024, 0.024),
    ),
    tail_width=((0, 0.11, 0.1), (1, 0.05, 0.04)),
    wing=(0.62, 0.16, -0.16),
    coats={
        "body": Coat((248, 158, 160), (252, 190, 184), "fur", (240, 128, 136), 0.1, 0.8),
        "wing": Coat((242, 126, 136), (228, 92, 110), "fur", (252, 170, 168), 0.07, 1.4),
        "beak": Coat((250, 226, 200)),
        "dark": Coat((58, 46, 50)),
        "leg": Coat((232, 128, 132)),
    },
    extras=(
        Ribbon(("bill", "nose"), ((0, 0.048, 0.05), (1, 0.02, 0.045)), "dark", 2, caps=(0.2, 1.0)),
        *_eye(0.085, 0.02, 0.022),
    ),
    tuft=((0.4, (236, 106, 120)),),
)

HEN = Bird(
    name="hen",
    trunk=(0.62, 0.3),
    hip=0.72,
    neck=(0.36, 1.15, -0.2),
    head=(0.26, -0.05),
    tail=(0.42, 2.25),
    leg=(0.26, 0.28, 0.22),
    toe=0.17,
    body=((0, 0.19, 0.2), (0.8, 0.26, 0.29), (1.4, 0.26, 0.29), (2, 0.17, 0.23)),
    neck_width=((0, 0.17, 0.22), (0.8, 0.12, 0.14), (2, 0.1, 0.1)),
    face=((0, 0.11, 0.1), (0.6, 0.1, 0.1), (1, 0.06, 0.06)),
    beak=((0, 0.05, 0.045), (0.6, 0.035, 0.03), (1, 0.012, 0.012)),
    shank=((0, 0.14, 0.13), (1, 0.085, 0.08), (1.4, 0.042, 0.042), (2, 0.036, 0.036), (3, 0.034, 0.034)),
    tail_width=((0, 0.17, 0.16), (0.6, 0.16, 0.14), (1, 0.09, 0.08)),
    wing=(0.58, 0.2, -0.24),
    coats={
        "body": Coat((232, 198, 150), (244, 222, 186), "spots", (196, 142, 92), 0.085, 0.9),
        "wing": Coat((188, 128, 84), (150, 94, 66), "spots", (232, 190, 140), 0.07, 1.2),
        "tail": Coat((120, 76, 66), (84, 62, 72), "fur", (70, 96, 104), 0.08, 1.4),
        "beak": Coat((240, 178, 72)),
        "leg": Coat((236, 172, 84)),
        "comb": Coat((206, 52, 52)),
    },
    extras=(
        Ribbon(
            ("poll", "comb", "face"),
            ((0, 0.03, 0.06), (0.6, 0.04, 0.06), (1.2, 0.05, 0.06), (2, 0.03, 0.05)),
            "comb",
            1,
        ),
        Disc(FACE, (0.13, -0.105), (0.035, 0.055), (206, 52, 52), 2, True),
        *_eye(0.075, 0.03, 0.022),
    ),
)

BALLERINA = Dancer(
    name="ballerina",
    torso=0.52,
    shoulders=0.15,
    hips=0.08,
    neck=0.1,
    head=(0.15, 0.135),
    arm=(0.28, 0.27),
    leg=(0.5, 0.48),
    foot=0.13,
    body=((0, 0.12, 0.12), (0.8, 0.095, 0.095), (1.6, 0.15, 0.15), (2, 0.11, 0.11)),
    sleeve=((0, 0.045, 0.045), (1, 0.036, 0.036), (1.8, 0.027, 0.027), (2, 0.034, 0.034)),
    trouser=((0, 0.085, 0.085), (0.9, 0.06, 0.06), (1.3, 0.058, 0.058), (2, 0.035, 0.035)),
    coats={
        "body": Coat((112, 92, 158), (92, 76, 140), "plain"),
        "skin": Coat((246, 212, 186)),
        "arm": Coat((246, 212, 186), None, "plain"),
        "leg": Coat((244, 222, 214)),
        "shoe": Coat((222, 120, 140)),
        "skirt": Coat((176, 152, 210), (158, 134, 200), "fur", (206, 186, 230), 0.05, 2.2),
    },
    hair=(74, 48, 44),
    skirt=(0.17, 0.37),
    stockings=((1.8, (222, 120, 140)),),
    extras=(Disc(("neck", "head"), (0.39, 0.0), (0.07, 0.075), (74, 48, 44), 7, True),),
)

SAILOR = Dancer(
    name="sailor",
    torso=0.56,
    shoulders=0.21,
    hips=0.1,
    neck=0.08,
    head=(0.17, 0.165),
    arm=(0.29, 0.27),
    leg=(0.44, 0.42),
    foot=0.13,
    body=((0, 0.16, 0.16), (0.8, 0.17, 0.17), (1.6, 0.21, 0.21), (2, 0.15, 0.15)),
    sleeve=((0, 0.075, 0.075), (1, 0.062, 0.062), (1.7, 0.05, 0.05), (2, 0.052, 0.052)),
    trouser=((0, 0.115, 0.115), (0.9, 0.085, 0.085), (1.5, 0.085, 0.085), (2, 0.11, 0.11)),
    coats={
        "body": Coat((248, 244, 236), None, "sailor", (48, 78, 128), 0.13, 0.3),
        "skin": Coat((226, 172, 136)),
        "arm": Coat((248, 244, 236), None, "sailor", (48, 78, 128), 0.13, 0.3),
        "leg": Coat((52, 72, 112), None, "fur"),
        "shoe": Coat((92, 54, 44)),
    },
    hair=(120, 66, 40),
    sleeves=((1.45, (226, 172, 136)),),
    extras=(
        Disc(("neck", "head"), (0.37, 0.0), (0.075, 0.16), (250, 250, 246), 7, True),
        Disc(("neck", "head"), (0.445, 0.0), (0.035, 0.04), (206, 60, 56), 8, True),
    ),
)

LILY = Flower(
    name="lily",
    stem=0.9,
    petal=(0.68, 0.13),
    spread=1.5,
    tip=0.12,
    leaf=(0.62, 0.1),
    heart=0.075,
    coats={
        "petal": Coat((246, 150, 172), (250, 178, 190), "veins", (214, 74, 120), 0.1, 0.7),
        "back": Coat((226, 112, 148), (232, 130, 160), "veins", (186, 56, 106), 0.1, 0.7),
        "heart": Coat((244, 196, 80)),
        "stem": Coat((104, 148, 84)),
        "leaf": Coat((112, 158, 90), None, "veins", (80, 122, 68)),
    },
)

SUNFLOWER = Flower(
    name="sunflower",
    stem=1.0,
    petal=(0.5, 0.105),
    spread=2.3,
    tip=0.3,
    leaf=(0.5, 0.16),
    heart=0.19,
    coats={
        "petal": Coat((252, 204, 66), None, "veins", (236, 154, 40), 0.1, 0.6),
        "back": Coat((240, 170, 48), None, "veins", (214, 124, 34), 0.1, 0.6),
        "heart": Coat((112, 70, 46)),
        "stem": Coat((96, 132, 72)),
        "leaf": Coat((104, 146, 80), None, "veins", (76, 112, 60)),
    },
)

CAST = {
    **{q.name: build_bird(q) for q in (FLAMINGO, HEN)},
    **{q.name: build_dancer(q) for q in (BALLERINA, SAILOR)},
    **{q.name: build_flower(q) for q in (LILY, SUNFLOWER)},
}
