import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** For each line, a JSON string, what Jackson reads from that text, or its message: a JSON string on a line. */
public class JsonTextOracle {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper mapper = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String text = mapper.readValue(line, String.class);
      String answer;
      try {
        answer = "value " + mapper.readTree(text.getBytes(StandardCharsets.UTF_8));
      } catch (JsonProcessingException error) {
        answer = error.getMessage();
      }
      out.println(mapper.writeValueAsString(answer));
    }
    out.flush();
  }
}
