-- Who did it is found like what it speaks of: the mentions are made again, from the log.

DROP INDEX mentions_by_deed;
DELETE FROM mentions;
DELETE FROM positions WHERE reader = 'log-mentions';
