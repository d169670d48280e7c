"""A stand-in for Entra as an identity provider: SAML 2.0 sign-in that one can play by hand."""
