"""Learners: firmware that trains. A description of the training graph becomes layers and a memory plan, and these C."""

from firmware_gen.learner.description import LayerDescription, LearnerDescription, TensorDescription, parse_description
from firmware_gen.learner.emit import render_learner
from firmware_gen.learner.limits import check_description, check_seedable
from firmware_gen.learner.masks import BakedMask
from firmware_gen.learner.plan import LearnerPlan, Purpose, plan_learner

__all__ = [
    "BakedMask",
    "LayerDescription",
    "LearnerDescription",
    "LearnerPlan",
    "Purpose",
    "TensorDescription",
    "check_description",
    "check_seedable",
    "parse_description",
    "plan_learner",
    "render_learner",
]
