"""The tags that a link adds to where it leads, out of its channel and its campaign."""

from marketing_pipelines.events.channels import Channel

# What makes the rules say the very channel again, where a click cannot be joined to its visit.
MEDIUM_OF_CHANNEL = {
    Channel.EMAIL: "email",
    Channel.SMS: "sms",
    Channel.PUSH: "push",
    Channel.PAID_SEARCH: "cpc",
    Channel.PAID_SOCIAL: "paid_social",
    Channel.PAID_VIDEO: "paid_video",
    Channel.PAID_OTHER: "paid",
    Channel.DISPLAY: "display",
    Channel.AFFILIATE: "affiliate",
    Channel.AUDIO: "audio",
    Channel.ORGANIC_SEARCH: "organic",
    Channel.ORGANIC_SOCIAL: "social",
    Channel.ORGANIC_VIDEO: "video",
    Channel.AI_ASSISTANT: "ai_assistant",
    # What people call a channel, though it is a source.
    "social": "social",
    "facebook": "social",
    "instagram": "social",
    "linkedin": "social",
    "reddit": "social",
    "x": "social",
    "buffer": "social",
    "tiktok": "social",
    "youtube": "video",
}
OTHER_MEDIUM = "referral"


def utm_of(channel: str, utm_campaign: str) -> dict[str, str]:
    """By the names of the parameters; a tag without a value is none."""
    source = channel.lower()
    medium = MEDIUM_OF_CHANNEL.get(source, OTHER_MEDIUM) if source else ""
    return {"utm_source": source, "utm_medium": medium, "utm_campaign": utm_campaign}
