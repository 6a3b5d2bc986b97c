// Nothing is needed here: what AWS's SDK has in this file, this one does in lib/apiGatewayCore/. Pages name it.
