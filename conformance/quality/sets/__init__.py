"""Artifacts whose content is known from the record of whoever packed them; never from another scanner."""
