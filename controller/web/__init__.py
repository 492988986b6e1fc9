"""The pages: Vietnamese first, server-rendered, whole without JavaScript."""
