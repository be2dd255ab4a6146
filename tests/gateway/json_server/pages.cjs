// A middleware of json-server's: serves the page of tests/gateway/pages, after the access log like everything else.
const path = require("node:path");
const express = require("express");

module.exports = express.static(path.join(__dirname, "..", "pages"));
