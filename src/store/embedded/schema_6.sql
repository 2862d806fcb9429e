-- Version 6: spot checks, which are comments that the machine approved and that a moderator should still review.
ALTER TABLE comment ADD COLUMN spot_check INTEGER NOT NULL DEFAULT 0;
CREATE INDEX spot_check_by_time ON comment (site, received_at) WHERE spot_check = 1;
CREATE INDEX spot_check_by_risk ON comment (site, risk_at) WHERE spot_check = 1;
