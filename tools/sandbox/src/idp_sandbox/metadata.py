"""Federation metadata as Entra serves it: a BOM, two certificates, roles that are none of SAML."""

from idp_sandbox.model import Application, EntraTenant
from idp_sandbox.names import DS, METADATA, POST_BINDING, REDIRECT_BINDING

BOM = b"\xef\xbb\xbf"
_FEDERATION = "http://docs.oasis-open.org/wsfed/federation/200706"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def federation_metadata(tenant: EntraTenant, application: Application) -> bytes:
    """Return the document."""
    descriptors = "".join(
        '<KeyDescriptor use="signing">'
        f'<KeyInfo xmlns="{DS}"><X509Data>'
        f"<X509Certificate>{key.base64}</X509Certificate>"
        "</X509Data></KeyInfo></KeyDescriptor>"
        for key in application.keys
    )
    url = tenant.saml_url
    document = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<EntityDescriptor ID="_{application.app_id}" entityID="{tenant.issuer}"'
        f' xmlns="{METADATA}">'
        f'<RoleDescriptor xmlns:xsi="{_INSTANCE}" xmlns:fed="{_FEDERATION}"'
        ' xsi:type="fed:SecurityTokenServiceType"'
        f' protocolSupportEnumeration="{_FEDERATION}">{descriptors}</RoleDescriptor>'
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{descriptors}"
        f'<SingleLogoutService Binding="{REDIRECT_BINDING}" Location="{url}"/>'
        f'<SingleSignOnService Binding="{REDIRECT_BINDING}" Location="{url}"/>'
        f'<SingleSignOnService Binding="{POST_BINDING}" Location="{url}"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )
    return BOM + document.encode()
