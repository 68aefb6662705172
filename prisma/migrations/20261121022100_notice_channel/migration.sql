-- How much a channel was told lately is asked for every notice.
CREATE INDEX notice_delivery_channel ON notice_delivery(channel_id, created_at);
