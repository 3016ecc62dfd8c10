// Nothing is asked of other sites, and a token that was given is forgotten with the page.
SwaggerUIBundle({
  url: "/api/openapi.json",
  domNode: document.getElementById("description"),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
