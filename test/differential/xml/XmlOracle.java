import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import javax.xml.parsers.*;
import org.w3c.dom.*;
import org.xml.sax.InputSource;

/** Reads a document a line, base64 of UTF-8, and prints what the JDK's parser finds in it, or `malformed`. */
class XmlOracle {
  public static void main(String[] args) throws Exception {
    var factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setCoalescing(true);
    factory.setIgnoringComments(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    var builder = factory.newDocumentBuilder();
    builder.setErrorHandler(null);
    var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      var text = new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
      String answer;
      try {
        var written = new StringBuilder();
        write(builder.parse(new InputSource(new StringReader(text))).getDocumentElement(), written);
        answer = written.toString();
      } catch (org.xml.sax.SAXException error) {
        answer = "malformed";
      }
      out.println(Base64.getEncoder().encodeToString(answer.getBytes(StandardCharsets.UTF_8)));
    }
    out.flush();
  }

  static void write(Element element, StringBuilder out) {
    out.append("({").append(uri(element)).append('}').append(element.getLocalName());
    var attributes = new TreeSet<String>();
    var all = element.getAttributes();
    for (int i = 0; i < all.getLength(); i++) {
      var one = all.item(i);
      if (!"http://www.w3.org/2000/xmlns/".equals(one.getNamespaceURI()))
        attributes.add("{" + uri(one) + "}" + one.getLocalName() + "=" + one.getNodeValue());
    }
    for (var one : attributes) out.append(" [").append(one).append(']');
    var text = new StringBuilder();
    for (var child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Text) text.append(child.getNodeValue());
      else if (child instanceof Element) {
        text(text, out);
        write((Element) child, out);
      }
    }
    text(text, out);
    out.append(')');
  }

  static void text(StringBuilder text, StringBuilder out) {
    if (text.length() > 0) out.append('<').append(text).append('>');
    text.setLength(0);
  }

  static String uri(Node node) {
    return node.getNamespaceURI() == null ? "" : node.getNamespaceURI();
  }
}
