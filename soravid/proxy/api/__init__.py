"""What the proxy says of its own routes: an OpenAPI document, and a page to read and try it on."""
