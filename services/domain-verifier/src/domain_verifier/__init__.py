"""The domain verifier: proves which tenant holds a DNS domain, and watches over it."""
