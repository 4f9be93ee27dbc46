"""Channels of a network: which are live, and the physically smaller networks without the others."""

from trainer.channels.compact import compact
from trainer.channels.complete import complete_masks
from trainer.channels.cost import kept_macs, macs, total_macs
from trainer.channels.groups import ChannelGroup, channel_groups
from trainer.channels.liveness import Liveness, live_channels
from trainer.channels.selection import Compaction
from trainer.channels.shrink import shrink

__all__ = [
    "ChannelGroup",
    "Compaction",
    "Liveness",
    "channel_groups",
    "compact",
    "complete_masks",
    "kept_macs",
    "live_channels",
    "macs",
    "shrink",
    "total_macs",
]
