-- Which entries of the evidence log speak of which thing: made from the log, and made again if lost.

CREATE TABLE mentions (
    thing TEXT NOT NULL,
    place BIGINT NOT NULL,
    deed TEXT NOT NULL,
    PRIMARY KEY (thing, place)
);
