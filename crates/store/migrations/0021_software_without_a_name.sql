-- Software without a package URL is said to be uncompared, so all facts are looked at once more.
UPDATE matched SET up_to = 0;
