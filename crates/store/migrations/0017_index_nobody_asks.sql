-- Nobody asks for a fact by its whole package URL: findings hang on facts, and names are looked up by name.
DROP INDEX facts_purl;
