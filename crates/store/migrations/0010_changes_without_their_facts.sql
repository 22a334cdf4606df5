-- The facts of a change are those of the sighting that began or ended with it, which is kept as long as the
-- change: collecting unreferenced facts asks the sightings alone.
DROP INDEX changes_before;
DROP INDEX changes_after;
