"""An app as others write it: plain OpenID Connect by Authlib, nothing of Portico."""
